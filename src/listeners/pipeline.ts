import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConnectorContext, ListenerDatabase, MessageStatus, ProcessMessage } from '../contracts/listeners.ts'
import type { Log } from '../contracts/log.ts'
import { isRunning } from '../durability/this-machine.ts'
import { messageOf, RalphError } from '../errors.ts'
import { pause } from '../network/retry.ts'
import type { ListenerLrs } from './built-in/lrs.ts'
import type { PipelineConfig } from './config.ts'
import { findListener, openData, openDatabase, openMetadata } from './connectors.ts'
import type { OpenObjects } from './data-stores.ts'
import { startHandler } from './handlers.ts'
import { messageFields } from './message.ts'
import { createProcess } from './process.ts'
import type { RunningHandler } from './running-handler.ts'
import { blockAt, numberAt } from './values.ts'

export interface PipelineContext {
  readonly log: Log
  readonly signal: AbortSignal
  /** Temporary files lie below it. */
  readonly tempDir: string
  readonly lrs: ListenerLrs
  readonly openObjects: OpenObjects
  /** A pipeline listens now, with these handlers. */
  onStart(running: RunningPipeline): void
}

export interface RunningPipeline {
  /** Empty: the only one of its file. */
  readonly name: string
  readonly handlers: readonly RunningHandler[]
  /** What became of messages since the start. */
  readonly counts: ReadonlyMap<MessageStatus, number>
}

/** Messages at the same time: where their data is copied to this machine first, and where it is not. */
const mostCopies = 8
const mostMessages = 500

/** Milliseconds between two attempts to reach a database. */
const databasePause = 1000

/** A database that does not serve yet is waited for, a while. */
const initialize = async (database: ListenerDatabase, attempts: number, { log, signal }: ConnectorContext) => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await database.initialize_database()
      return
    } catch (error) {
      const isAway = error instanceof RalphError && error.code === 'STORE_UNAVAILABLE'
      if (attempt >= attempts || !isAway) throw error
      log.warn(`${messageOf(error)}; trying again (${attempt} of ${attempts})`)
      await pause(databasePause, signal)
    }
  }
}

/** A directory of this process; those of processes that have died are removed. */
const ownDirectory = async (tempDir: string): Promise<string> => {
  const all = join(tempDir, 'listeners')
  await mkdir(all, { recursive: true, mode: 0o700 })
  for (const name of await readdir(all)) {
    if (!isRunning(Number(name.split('-')[0]))) await rm(join(all, name), { recursive: true, force: true })
  }
  return mkdtemp(join(all, `${process.pid}-`))
}

type Closing = () => Promise<unknown> | undefined

/** What is looked up is asked nothing yet. The database is first, then handlers, and the broker only when all are there. */
const open = async (pipeline: PipelineConfig, context: PipelineContext, closing: Closing[]): Promise<void> => {
  const { log, signal } = context
  const { place } = pipeline
  const fields = messageFields(pipeline.fields, `${place}.message_fields`)
  const createListener = await findListener(pipeline, context)
  const databasePlace = `${place}.database`
  const attempts = numberAt(pipeline.database, 'attempts', databasePlace, { byDefault: 30, least: 1 })
  const database = await openDatabase(pipeline.database, databasePlace, pipeline)
  closing.push(() => database.close?.())
  const data = await openData(pipeline, context, context.openObjects)
  closing.push(() => data.close())
  const metadata = await openMetadata(pipeline, context)
  closing.push(() => metadata?.close())
  await initialize(database, attempts, context)
  const directory = await ownDirectory(context.tempDir)
  closing.push(() => rm(directory, { recursive: true, force: true }))
  const handlers: RunningHandler[] = []
  for (const each of pipeline.handlers) {
    const handler = await startHandler(each, {
      pipeline,
      database,
      lrs: context.lrs,
      log,
      openObjects: context.openObjects,
      openDatabase: async ({ block, name }) =>
        block.database === undefined
          ? undefined
          : openDatabase(
              blockAt(block, 'database', `${place}.handlers.${name}`),
              `${place}.handlers.${name}.database`,
              pipeline
            )
    })
    closing.push(() => handler.close())
    handlers.push(handler)
  }
  if (handlers.every(({ failure }) => failure !== undefined))
    throw new RalphError('INVALID_SETTING', `${place}.handlers: ${handlers.map(({ failure }) => failure).join('; ')}`)
  const retry = blockAt(pipeline.broker, 'retry', `${place}.msg_broker`)
  const retryPlace = `${place}.msg_broker.retry`
  const process = createProcess({
    fields,
    database,
    handlers,
    directory,
    concurrency: numberAt(pipeline.broker, 'concurrency', `${place}.msg_broker`, {
      byDefault: data.copies ? mostCopies : mostMessages,
      least: 1
    }),
    plan: {
      attempts: numberAt(retry, 'attempts', retryPlace, { byDefault: 10, least: 1 }),
      firstPause: numberAt(retry, 'first_pause', retryPlace, { byDefault: 1, least: 0.001 }) * 1000,
      longestPause: numberAt(retry, 'longest_pause', retryPlace, { byDefault: 300, least: 0.001 }) * 1000
    },
    log,
    // Not the signal of the pipeline: what is under way when it stops is done to its end.
    fetchData: ({ data_location, body }, own) =>
      data.fetch(data_location, { directory: own, signal: new AbortController().signal, body }),
    fetchMetadata: metadata === undefined ? undefined : (reference) => metadata.fetch(reference)
  })
  const counts = new Map<MessageStatus, number>()
  const counted: ProcessMessage = async (message) => {
    const verdict = await process(message)
    counts.set(verdict.status, (counts.get(verdict.status) ?? 0) + 1)
    return verdict
  }
  context.onStart({ name: pipeline.name, handlers, counts })
  const listener = createListener(counted)
  closing.push(() => listener.close?.())
  const names = handlers.map(({ name }) => name).join(', ')
  log.info(`${place}: messages go to ${names}`)
  const listening = [listener.listen_exchange(counted), listener.listen_queue(counted)]
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  // One that ends by itself, or fails, ends the pipeline.
  await Promise.race([stopped, Promise.all(listening)])
}

/** Listens until the signal is aborted; resolves when what was under way has ended. */
export const runPipeline = async (pipeline: PipelineConfig, context: PipelineContext): Promise<void> => {
  const closing: Closing[] = []
  try {
    await open(pipeline, context, closing)
  } finally {
    for (const close of closing.reverse()) {
      try {
        await close()
      } catch (error) {
        context.log.warn(messageOf(error))
      }
    }
  }
}
