import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ConfigBlock } from '../contracts/listeners.ts'
import { messageOf, RalphError } from '../errors.ts'
import { type Environment, substituteVariables } from '../settings/substitution.ts'
import { blockAt, isBlock, textAt, textsAt } from './values.ts'

export interface HandlerConfig {
  readonly name: string
  /** `lrs`, or where the module of it is. */
  readonly type: string
  /** Empty: whatever the type. */
  readonly supportedMime: readonly string[]
  /** Its whole block. */
  readonly block: ConfigBlock
}

/** One pipeline: from a broker to handlers. The blocks are as they are written. */
export interface PipelineConfig {
  /** Empty: the only one of its file. */
  readonly name: string
  /** For messages. */
  readonly place: string
  /** Where relative paths begin: that of the file, or WRK_DIR. */
  readonly directory: string
  readonly broker: ConfigBlock
  readonly fields: ConfigBlock
  readonly dataStore: ConfigBlock
  /** Undefined: messages bring their metadata themselves, or have none. */
  readonly metaStore: ConfigBlock | undefined
  readonly database: ConfigBlock
  readonly handlers: readonly HandlerConfig[]
}

export interface ReadPipelinesOptions {
  readonly environment: Environment
  /** Undefined: that of the file. */
  readonly directory: string | undefined
  /** The one pipeline, or the one handler where pipelines have no names. */
  readonly only: string | undefined
}

const pipelineKeys = ['msg_broker', 'message_fields', 'data_store', 'meta_store', 'database', 'handlers']

/** What sqAPI has besides: here a handler is a module that `handlers` names. */
const passedOver = ['packages', 'plugin', 'active_plugins', 'disabled_plugins', 'api', 'custom', 'message', 'broker']

const substituted = (value: unknown, environment: Environment, file: string): unknown => {
  if (typeof value === 'string') {
    return substituteVariables(
      value,
      environment,
      (name) => new RalphError('INVALID_SETTING', `${file} needs the variable ${name}`)
    )
  }
  if (Array.isArray(value)) return value.map((each: unknown) => substituted(each, environment, file))
  if (!isBlock(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, substituted(each, environment, file)]))
}

const read = (file: string, text: string, parse: (text: string) => unknown, environment: Environment): ConfigBlock => {
  let document: unknown
  try {
    document = parse(text)
  } catch (error) {
    throw new RalphError('INVALID_SETTING', `${file} is not valid YAML: ${messageOf(error)}`)
  }
  if (!isBlock(document)) throw new RalphError('INVALID_SETTING', `${file} must hold blocks, such as msg_broker:`)
  const filled = substituted(document, environment, file)
  return isBlock(filled) ? filled : {}
}

const handlersOf = (block: ConfigBlock, place: string, byDefault: readonly string[]): readonly HandlerConfig[] => {
  const given = Object.keys(blockAt(block, 'handlers', place)).length === 0 ? { lrs: {} } : block.handlers
  if (!isBlock(given)) return []
  return Object.keys(given).map((name) => {
    const own = blockAt(given, name, `${place}.handlers`)
    const type = textAt(own, 'type', `${place}.handlers.${name}`, name)
    const supportedMime = textsAt(own, 'supported_mime', `${place}.handlers.${name}`) ?? byDefault
    return { name, type, supportedMime, block: own }
  })
}

const pipelineOf = (name: string, block: ConfigBlock, file: string, directory: string): PipelineConfig => {
  const place = name === '' ? file : `${file}: pipelines.${name}`
  const unknown = Object.keys(block).filter((key) => !pipelineKeys.includes(key) && !passedOver.includes(key))
  if (unknown.length > 0) {
    const there = pipelineKeys.join(', ')
    throw new RalphError('INVALID_SETTING', `${place} has unknown blocks: ${unknown.join(', ')}; known are ${there}`)
  }
  if (block.database === undefined || block.database === null) {
    throw new RalphError('INVALID_SETTING', `${place} has no block database: it keeps what became of each message`)
  }
  const broker = blockAt(block, 'msg_broker', place)
  const fields = blockAt(block.message_fields === undefined ? broker : block, 'message_fields', place)
  return {
    name,
    place,
    directory,
    broker,
    fields,
    dataStore: blockAt(block, 'data_store', place),
    metaStore: block.meta_store === undefined ? undefined : blockAt(block, 'meta_store', place),
    database: blockAt(block, 'database', place),
    handlers: handlersOf(block, place, textsAt(broker, 'supported_mime', place) ?? [])
  }
}

const chosen = (pipelines: readonly PipelineConfig[], only: string | undefined): readonly PipelineConfig[] => {
  if (only === undefined) return pipelines
  const named = pipelines.filter(({ name }) => name === only)
  if (named.length > 0) return named
  const withHandler = pipelines.flatMap((each) => {
    const handlers = each.handlers.filter(({ name }) => name === only)
    return handlers.length === 0 ? [] : [{ ...each, handlers }]
  })
  if (withHandler.length > 0) return withHandler
  const names = pipelines.flatMap(({ name, handlers }) => [name || [], handlers.map((each) => each.name)].flat(2))
  throw new RalphError('INVALID_SETTING', `there is no pipeline and no handler ${only}; there are ${names.join(', ')}`)
}

/** The pipelines of a file as sqAPI has it: one without a name, or several under `pipelines`. `INVALID_SETTING`. */
export const readPipelines = async (
  path: string,
  { environment, directory, only }: ReadPipelinesOptions
): Promise<readonly PipelineConfig[]> => {
  const { parse } = await import('yaml')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new RalphError('INVALID_SETTING', `the configuration cannot be read: ${messageOf(error)}`, { path })
  }
  const document = read(path, text, (yaml) => parse(yaml, { maxAliasCount: 100 }), environment)
  const base = resolve(directory ?? dirname(path))
  const several = blockAt(document, 'pipelines', path)
  const names = Object.keys(several)
  if (names.length === 0) return chosen([pipelineOf('', document, path, base)], only)
  const all = names.map((name) => pipelineOf(name, blockAt(several, name, `${path}: pipelines`), path, base))
  return chosen(all, only)
}
