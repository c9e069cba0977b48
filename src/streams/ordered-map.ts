import { Worker } from 'node:worker_threads'
import { RalphError } from '../errors.ts'
import { fromSent, loadWork, type Message, type Task } from './thread-messages.ts'
import type { ThreadChunk, ThreadWork } from './thread-work.ts'

export interface OrderedMapOptions {
  /** The module that exports `createWork`, a `CreateWork`: see `moduleBeside`. */
  readonly module: URL
  /** Handed to `createWork` in every thread; must be cloneable. */
  readonly data: unknown
  /** How many threads work at most, this one included: 1 starts none. */
  readonly jobs: number
  /**
   * Threads are started when there were so many bytes: a short input is done before they would be. 0: at once, for an
   * input that is known to be long.
   */
  readonly startAfter?: number
}

/** The URL of a module in the same folder: `.ts` in the sources, `.js` in the package. */
export const moduleBeside = (name: string, importer: string): URL =>
  new URL(`./${name}${importer.endsWith('.ts') ? '.ts' : '.js'}`, importer)

/** 16 MiB. Measured: until code is warm in another thread, one has done that much. */
const defaultStartAfter = 2 ** 24

/** Pieces that wait in front of a thread, so that it need not wait for this one. */
const queueLength = 3

/** Of pieces under way; a larger one goes alone. */
const mostBytes = 2 ** 21

interface Thread<In, Out> {
  /** Undefined: it cannot take another piece now. */
  waiting(): number | undefined
  send(piece: In): Promise<Out>
  end(): Promise<unknown>
}

const startThread = <In extends ThreadChunk, Out extends ThreadChunk>(
  task: Task,
  onFailure: (error: unknown) => void
): Thread<In, Out> => {
  // Without the flags of this process: what they load (a test runner, a debugger) is not for a thread.
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
        // A copy: whoever made the piece may still need what else its buffer holds.
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

/** It is looked at when its turn comes; that it fails before then is nothing that nobody has noticed. */
const underWay = <Out>(result: Promise<Out>, size: number): UnderWay<Out> => {
  result.catch(() => {})
  return { result, size }
}

type Arrival<In> = IteratorResult<In, unknown> | { readonly failure: unknown }

/**
 * Maps pieces, and yields the results in the order of the pieces. Once the input is long enough, further threads help;
 * this one works when they are busy. What is under way is bounded, so a slow consumer holds up the input. An error of
 * the input or of the work is thrown when everything before it was yielded. Whoever leaves the loop ends the threads;
 * the input is theirs to close.
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
    // What the threads have answered is heard between two pieces of one's own.
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
    // They get ready while this one does.
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
