import type { HandlerQueries, ListenerDatabase } from '../contracts/listeners.ts'
import type { Log } from '../contracts/log.ts'
import { forwardHandler } from './built-in/forward.ts'
import { type ListenerLrs, lrsHandler } from './built-in/lrs.ts'
import { postgresHandler } from './built-in/postgres.ts'
import { storeHandler } from './built-in/store.ts'
import type { HandlerConfig, PipelineConfig } from './config.ts'
import type { OpenObjects } from './data-stores.ts'
import { findModule, unknownType } from './find-module.ts'
import type { RunningHandler } from './running-handler.ts'
import { HandlerFailure, startThreads } from './threads.ts'
import { numberAt } from './values.ts'

export interface HandlerContext {
  readonly pipeline: PipelineConfig
  readonly database: HandlerQueries
  readonly lrs: ListenerLrs
  readonly log: Log
  readonly openObjects: OpenObjects
  /** Opens a database of the handler's own. */
  openDatabase(config: HandlerConfig): Promise<ListenerDatabase | undefined>
}

const builtIn = ['lrs', 'postgres', 'store', 'forward']

/** Its messages are tried again as those of a handler that throws, and end as dead letters: they are there once it is mended. */
const failedHandler = ({ name, supportedMime }: HandlerConfig, failure: string): RunningHandler => ({
  name,
  supportedMime,
  failure,
  run: async () => {
    throw new HandlerFailure(failure, false)
  },
  close: async () => {}
})

const threadedHandler = async (config: HandlerConfig, context: HandlerContext): Promise<RunningHandler> => {
  const { name, type, supportedMime, block } = config
  const { pipeline, lrs, log } = context
  const place = `${pipeline.place}.handlers.${name}`
  const module = findModule(type, pipeline.directory)
  if (module === undefined) throw unknownType(place, type, builtIn, pipeline.directory)
  const own = await context.openDatabase(config)
  try {
    await own?.initialize_database()
    const threads = await startThreads({
      name,
      task: { module: module.href, config: block },
      timeout: numberAt(block, 'timeout', place, { byDefault: 300 }) * 1000,
      threads: numberAt(block, 'threads', place, { byDefault: 2, least: 1 }),
      memory: numberAt(block, 'memory', place, { byDefault: 256, least: 8 }),
      database: own ?? context.database,
      lrs,
      log
    })
    return {
      name,
      supportedMime,
      run: (work) => threads.run(work),
      routes: threads.routes,
      answer: (request) => threads.answer(request),
      close: async () => {
        await threads.close()
        await own?.close?.()
      }
    }
  } catch (error) {
    await own?.close?.()
    if (!(error instanceof HandlerFailure)) throw error
    const failure = `${module.pathname} cannot be loaded: ${error.message}`
    log.error(`${place}: ${failure}`)
    return failedHandler(config, failure)
  }
}

/** With a database of its own, or that of the pipeline. */
const queryHandler = async (config: HandlerConfig, context: HandlerContext, place: string): Promise<RunningHandler> => {
  const { directory } = context.pipeline
  const own = await context.openDatabase(config)
  try {
    const handler = postgresHandler(config, { place, directory, database: own ?? context.database })
    await own?.initialize_database()
    return { ...handler, close: async () => own?.close?.() }
  } catch (error) {
    await own?.close?.()
    throw error
  }
}

/** Starts a handler. `INVALID_SETTING` when there is no such module. One that cannot be loaded has a `failure`. */
export const startHandler = async (config: HandlerConfig, context: HandlerContext): Promise<RunningHandler> => {
  const { pipeline, lrs, openObjects } = context
  const place = `${pipeline.place}.handlers.${config.name}`
  if (config.type === 'postgres') return queryHandler(config, context, place)
  if (config.type === 'store') return storeHandler(config, { place, directory: pipeline.directory, openObjects })
  if (config.type === 'forward') return forwardHandler(config, place)
  if (config.type !== 'lrs') return threadedHandler(config, context)
  await lrs.imports()
  return lrsHandler(config, lrs)
}
