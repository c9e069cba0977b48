import { Worker } from 'node:worker_threads'
import type { HandlerLrs, HandlerQueries, QueryValues } from '../contracts/listeners.ts'
import type { Log } from '../contracts/log.ts'
import { RalphError } from '../errors.ts'
import { createLimit } from '../streams/limit.ts'
import { moduleBeside } from '../streams/ordered-map.ts'
import {
  type FromThread,
  type HandlerCall,
  type HandlerTask,
  type HandlerWork,
  type RouteRequest,
  sentError,
  type ToThread
} from './thread-messages.ts'
import { isBlock } from './values.ts'

export interface ThreadsOptions {
  /** Of the handler. */
  readonly name: string
  readonly task: HandlerTask
  /** Milliseconds for one message. */
  readonly timeout: number
  /** Threads at most: one message each at a time. */
  readonly threads: number
  /** MiB of the heap of each thread. */
  readonly memory: number
  readonly database: HandlerQueries
  readonly lrs: HandlerLrs
  readonly log: Log
}

/** A handler failed; `final`: it is not tried again. */
export class HandlerFailure extends Error {
  readonly final: boolean
  constructor(message: string, final: boolean) {
    super(message)
    this.final = final
  }
}

interface Thread {
  readonly worker: Worker
  /** False: it has ended by itself since. */
  isAlive(): boolean
  /** What `routes` of the module has. */
  readonly routes: readonly string[]
  run(what: Job): Promise<unknown>
}

type Job = Extract<ToThread, { readonly kind: 'work' | 'request' }>

const isValues = (value: unknown): value is QueryValues | undefined => value === undefined || isBlock(value)

/** Answers what a handler asks of the first thread. */
const answerTo = async ({ of, name, values }: HandlerCall, { database, lrs }: ThreadsOptions): Promise<unknown> => {
  const [first, second] = values
  if (of === 'database' && typeof first === 'string' && isValues(second)) {
    return name === 'execute_script' ? database.execute_script(first, second) : database.execute_query(first, second)
  }
  if (of === 'lrs' && Array.isArray(first)) return lrs.store(first.filter(isBlock))
  throw new RalphError('USAGE', `${of}.${name} was called with something that it does not take`)
}

/** Starts a thread; rejects when the module cannot be loaded. */
const startThread = async (options: ThreadsOptions): Promise<Thread> => {
  const { name, task, timeout, memory, log } = options
  const worker = new Worker(moduleBeside('handler-thread', import.meta.url), {
    workerData: task,
    // Without the flags of this process: what they load (a test runner, a debugger) is not for a thread.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memory }
  })
  let settle: { resolve(value: unknown): void; reject(error: Error): void } | undefined
  const fail = (error: Error): void => settle?.reject(error)
  const send = (message: ToThread): void => worker.postMessage(message)
  const answer = async (call: HandlerCall): Promise<void> => {
    if (call.of === 'log') {
      const write = { debug: log.debug, info: log.info, warn: log.warn, error: log.error }
      if (call.name in write) write[call.name as keyof typeof write].call(log, `${name}: ${call.values[0]}`)
      return
    }
    try {
      send({ kind: 'answer', id: call.id, value: await answerTo(call, options) })
    } catch (error) {
      send({ kind: 'refusal', id: call.id, error: sentError(error) })
    }
  }
  worker.on('message', (message: FromThread) => {
    if (message.kind === 'call') void answer(message.call)
    else if (message.kind === 'failed') fail(new HandlerFailure(message.error.message, message.error.final))
    else settle?.resolve(message.kind === 'ready' ? message.routes : message.value)
  })
  worker.on('error', (error: unknown) => fail(new HandlerFailure(sentError(error).message, false)))
  let isAlive = true
  worker.on('exit', (code) => {
    isAlive = false
    fail(new HandlerFailure(`its thread has ended with code ${code}`, false))
  })
  const settled = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      settle = { resolve, reject }
    })
  const routes = await settled()
  return {
    worker,
    isAlive: () => isAlive,
    // What the thread has said of itself.
    routes: routes as readonly string[],
    run: async (job) => {
      const done = settled()
      const late = setTimeout(() => {
        fail(new HandlerFailure(`it has not ended in ${timeout / 1000} s`, false))
        void worker.terminate()
      }, timeout)
      send(job)
      try {
        return await done
      } catch (error) {
        // What it has left behind is not for the next message.
        await worker.terminate()
        throw error
      } finally {
        clearTimeout(late)
        settle = undefined
      }
    }
  }
}

/** The threads of one handler. */
export interface Threads {
  readonly routes: readonly string[]
  run(work: HandlerWork): Promise<void>
  /** Gives what the route answers. */
  answer(request: RouteRequest): Promise<unknown>
  close(): Promise<void>
}

/** Starts one thread, so that a module that cannot be loaded is known at once; others are started when they are needed. */
export const startThreads = async (options: ThreadsOptions): Promise<Threads> => {
  const first = await startThread(options)
  const idle: Thread[] = [first]
  const inTurn = createLimit(options.threads)
  const take = (): Thread | undefined => {
    for (let thread = idle.pop(); thread !== undefined; thread = idle.pop()) if (thread.isAlive()) return thread
    return undefined
  }
  const run = (job: Job): Promise<unknown> =>
    inTurn(async () => {
      const thread = take() ?? (await startThread(options))
      const value = await thread.run(job)
      idle.push(thread)
      return value
    })
  return {
    routes: first.routes,
    run: async (work) => {
      await run({ kind: 'work', work })
    },
    answer: (request) => run({ kind: 'request', request }),
    close: async () => {
      await Promise.all(idle.map(({ worker }) => worker.terminate()))
    }
  }
}
