import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type {
  ConfigBlock,
  ConnectorContext,
  DatabaseClass,
  DataStore,
  Listener,
  ListenerClass,
  ListenerDatabase,
  MetadataStore,
  ProcessMessage
} from '../contracts/listeners.ts'
import { RalphError } from '../errors.ts'
import type { PipelineConfig } from './config.ts'
import {
  containersOf,
  type Data,
  diskData,
  messageData,
  type OpenObjects,
  objectData,
  s3Values,
  swiftValues
} from './data-stores.ts'
import { findModule, loadExport, unknownType } from './find-module.ts'
import { createRabbitListener } from './rabbitmq.ts'
import { type Metadata, openRedis } from './redis.ts'
import { optionalTextAt } from './values.ts'

/** The four topics: what is built in, the default first, and else a module of the user's. */
const known = {
  data_store: ['disk', 'swift', 's3', 'message'],
  meta_store: ['redis'],
  msg_broker: ['rabbitmq'],
  database: ['postgres', 'sqlite']
} as const

type Topic = keyof typeof known

const typeOf = (topic: Topic, config: ConfigBlock, place: string): string =>
  optionalTextAt(config, 'type', `${place}.${topic}`) ?? known[topic][0]

/** What a module of the user's exports under this name. */
const exported = async (
  topic: Topic,
  type: string,
  name: string,
  { place, directory }: PipelineConfig
): Promise<Readonly<Record<string, unknown>>> => {
  const at = `${place}.${topic}`
  const url = findModule(type, directory)
  if (url === undefined) throw unknownType(at, type, known[topic], directory)
  return loadExport(url, name, at)
}

export const openData = async (
  pipeline: PipelineConfig,
  context: ConnectorContext,
  openObjects: OpenObjects
): Promise<Data> => {
  const { dataStore: config, place, directory } = pipeline
  const type = typeOf('data_store', config, place)
  const at = `${place}.data_store`
  if (type === 'disk') return diskData(directory)
  if (type === 'message') return messageData()
  if (type === 'swift') {
    return objectData(await openObjects('swift', swiftValues(config, at)), containersOf(config, at))
  }
  if (type === 's3') {
    const containers = containersOf(config, at)
    if (containers === undefined) throw new RalphError('INVALID_SETTING', `${at} needs a bucket`)
    return objectData(await openObjects('s3', s3Values(config, at)), containers)
  }
  // The function was looked for.
  const module = (await exported('data_store', type, 'download_to_disk', pipeline)) as unknown as DataStore
  return {
    copies: true,
    fetch: async (reference, { directory: own, signal }) => ({
      path: await module.download_to_disk(config, reference, { ...context, signal, directory: await own() })
    }),
    close: async () => {}
  }
}

/** Undefined: there is none. */
export const openMetadata = async (
  pipeline: PipelineConfig,
  context: ConnectorContext
): Promise<Metadata | undefined> => {
  const { metaStore: config, place } = pipeline
  if (config === undefined) return undefined
  const type = typeOf('meta_store', config, place)
  if (type === 'redis') return openRedis(config, `${place}.meta_store`, context.log)
  // The function was looked for.
  const module = (await exported('meta_store', type, 'fetch_metadata', pipeline)) as unknown as MetadataStore
  return { fetch: (reference) => module.fetch_metadata(config, reference, context), close: async () => {} }
}

/** The text of the `init` script. `INVALID_SETTING` when it is missing. */
const initScript = (config: ConfigBlock, place: string, directory: string): string => {
  const init = optionalTextAt(config, 'init', place)
  if (init === undefined) {
    throw new RalphError('INVALID_SETTING', `${place} has no init: name the SQL script that prepares the database`)
  }
  const path = resolve(directory, init)
  if (!existsSync(path)) throw new RalphError('INVALID_SETTING', `${place}.init: there is no file ${path}`)
  return readFileSync(path, 'utf8')
}

/** @param config the `database` block of the pipeline, or of a handler */
export const openDatabase = async (
  config: ConfigBlock,
  place: string,
  pipeline: PipelineConfig
): Promise<ListenerDatabase> => {
  const { directory } = pipeline
  const type = optionalTextAt(config, 'type', place) ?? known.database[0]
  if (type === 'postgres') {
    const init = initScript(config, place, directory)
    const { openPostgresDatabase } = await import('./databases/postgres.ts')
    return openPostgresDatabase({ config, place, init })
  }
  if (type === 'sqlite') {
    const init = config.init === undefined ? undefined : initScript(config, place, directory)
    const { openSqliteDatabase } = await import('./databases/sqlite.ts')
    return openSqliteDatabase({ config, place, directory, init })
  }
  // The class was looked for.
  const { Database } = (await exported('database', type, 'Database', pipeline)) as unknown as {
    readonly Database: DatabaseClass
  }
  return new Database(config)
}

/** Makes listeners once messages can be processed. `INVALID_SETTING` comes before anything is opened. */
export const findListener = async (
  pipeline: PipelineConfig,
  context: ConnectorContext
): Promise<(process: ProcessMessage) => Listener> => {
  const { broker: config, place } = pipeline
  const type = typeOf('msg_broker', config, place)
  if (type === 'rabbitmq') return () => createRabbitListener(config, `${place}.msg_broker`, context)
  // The class was looked for.
  const module = (await exported('msg_broker', type, 'Listener', pipeline)) as unknown as {
    readonly Listener: ListenerClass
  }
  return (process) => new module.Listener(config, process, context)
}
