import { Worker } from 'node:worker_threads'
import { RalphError } from '../errors.ts'
import { fromSent, loadWork, type Message, type Task } from './thread-messages.ts'
import type { ThreadChunk, ThreadWork } from './thread-work.ts'

export interface OrderedMapOptions {
  /** The module that exports `createWork`, a `CreateWork`. See `moduleBeside`. */
  readonly module: URL
  /** The argument of `createWork` in every thread. It must be cloneable. */
  readonly data: unknown
  /** The most threads that work, including this one. 1 starts none. */
  readonly jobs: number
  /**
   * Threads start after this many bytes. A shorter input is done before they would be ready. 0: at once, for an input that is known to be
   * long.
   */
  readonly startAfter?: number
}

/** The URL of a module in the same folder: `.ts` in the sources, `.js` in the package. */
export const moduleBeside = (name: string, importer: string): URL =>
  new URL(`./${name}${importer.endsWith('.ts') ? '.ts' : '.js'}`, importer)

/** 16 MiB. Measured: one thread processes this much until the code is compiled in another thread. */
const defaultStartAfter = 2 ** 24

/** The most pieces that wait for a thread, so that it is never idle. */
const queueLength = 3

/** The most bytes under way. A larger piece goes alone. */
const mostBytes = 2 ** 21

interface Thread<In, Out> {
  /** The number of waiting pieces. Undefined: it cannot take another piece now. */
  waiting(): number | undefined
  send(piece: In): Promise<Out>
  end(): Promise<unknown>
}

const startThread = <In extends ThreadChunk, Out extends ThreadChunk>(
  task: Task,
  onFailure: (error: unknown) => void
): Thread<In, Out> => {
  // Without the flags of this process: they may load a test runner or a debugger, which a thread must not load.
  const worker = new Worker(moduleBeside('ordered-map-thread', import.meta.url), { workerData: task, execArgv: [] })
  const queue: { resolve(out: Out): void; reject(error: unknown): void }[] = []
  let isReady = false
  const fail = (error: unknown): void => {
    isReady = false
    for (const { reject } of queue.splice(0)) reject(error)
    onFailure(error)
  }
  const onExit = (code: number): void => fail(new RalphError('INTERNAL', `a thread ended by itself with code ${code}`))
  worker.on('message', (message: Message<Out>) => {
    if (message === 'ready') isReady = true
    else if ('out' in message) queue.shift()?.resolve(message.out)
    else queue.shift()?.reject(fromSent(message.error))
  })
  worker.on('error', fail)
  worker.on('exit', onExit)
  return {
    waiting: () => (isReady && queue.length < queueLength ? queue.length : undefined),
    send: (piece) =>
      new Promise<Out>((resolve, reject) => {
        queue.push({ resolve, reject })
        // A copy, because the rest of the buffer may belong to others.
        const bytes = new Uint8Array(piece.bytes)
        worker.postMessage({ ...piece, bytes }, [bytes.buffer])
      }),
    end: () => {
      worker.off('exit', onExit)
      return worker.terminate()
    }
  }
}

/** The thread with the shortest queue, if one has room. */
const findFree = <In, Out>(threads: readonly Thread<In, Out>[]): Thread<In, Out> | undefined => {
  let free: Thread<In, Out> | undefined
  let least = queueLength
  for (const thread of threads) {
    const waiting = thread.waiting()
    if (waiting === undefined || waiting >= least) continue
    free = thread
    least = waiting
  }
  return free
}

interface UnderWay<Out> {
  readonly result: Promise<Out>
  readonly size: number
}

/** The promise is awaited later. Until then its failure must not count as unhandled. */
const underWay = <Out>(result: Promise<Out>, size: number): UnderWay<Out> => {
  result.catch(() => {})
  return { result, size }
}

type Arrival<In> = IteratorResult<In, unknown> | { readonly failure: unknown }

/**
 * Maps pieces, and yields the results in the order of the pieces. When the input has become long, further threads help. This thread works
 * when they are busy. The bytes under way are limited, so a slow consumer slows the input. An error of the input or of the work is thrown
 * after all results before it. Leaving the loop ends the threads; the caller closes the input.
 */
export async function* mapInOrder<In extends ThreadChunk, Out extends ThreadChunk>(
  pieces: AsyncIterable<In>,
  { module, data, jobs, startAfter = defaultStartAfter }: OrderedMapOptions
): AsyncGenerator<Out, void, undefined> {
  const task: Task = { module: module.href, data }
  const threads: Thread<In, Out>[] = []
  const queue: UnderWay<Out>[] = []
  let bytesSeen = 0
  let bytesUnderWay = 0
  let threadFailure: { readonly error: unknown } | undefined

  const start = (): Thread<In, Out> =>
    startThread(task, (error) => {
      threadFailure ??= { error }
    })

  const startThreads = (): void => {
    while (threads.length < jobs - 1) threads.push(start())
  }

  const workHere = async (work: ThreadWork<In, Out>, piece: In): Promise<Out> => {
    const out = work(piece)
    // Between two pieces of its own, this thread receives the answers of the others.
    if (threads.length > 0) await new Promise(setImmediate)
    return out
  }

  const take = (work: ThreadWork<In, Out>, piece: In): void => {
    const size = piece.bytes.length
    bytesSeen += size
    bytesUnderWay += size
    if (bytesSeen > startAfter) startThreads()
    const free = findFree(threads)
    queue.push(underWay(free === undefined ? workHere(work, piece) : free.send(piece), size))
  }

  const input = pieces[Symbol.asyncIterator]()
  const pull = (): Promise<Arrival<In>> => input.next().catch((failure: unknown) => ({ failure }))
  let next: Promise<Arrival<In>> | undefined = pull()
  const endWith = (error: unknown): void => {
    next = undefined
    queue.push(underWay(Promise.reject<Out>(error), 0))
  }

  try {
    // They start while this thread works.
    if (startAfter === 0) startThreads()
    const work = await loadWork<In, Out>(task)
    for (;;) {
      if (threadFailure !== undefined && next !== undefined) endWith(threadFailure.error)
      const head = queue[0]
      const isFull = queue.length >= jobs * (queueLength + 1) || bytesUnderWay >= mostBytes
      let arrival: Arrival<In> | undefined
      if (head === undefined) {
        if (next === undefined) return
        arrival = await next
      } else if (next !== undefined && !isFull) {
        arrival = await Promise.race([next, head.result.then(() => undefined)])
      }
      if (arrival === undefined) {
        if (head === undefined) return
        const out = await head.result
        queue.shift()
        bytesUnderWay -= head.size
        yield out
      } else if ('failure' in arrival) endWith(arrival.failure)
      else if (arrival.done === true) next = undefined
      else {
        next = pull()
        take(work, arrival.value)
      }
    }
  } finally {
    await Promise.all(threads.map((thread) => thread.end()))
  }
}
