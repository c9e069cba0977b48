import type { ConfigBlock } from '../contracts/listeners.ts'
import { createLimit } from '../streams/limit.ts'
import type { HandlerWork, RouteRequest } from './thread-messages.ts'
import { HandlerFailure } from './threads.ts'
import { numberAt } from './values.ts'

/** Data as it was found: a file, or the text that the message has brought. */
export type FoundData = { readonly path: string } | { readonly text: string }

export interface FoundWork extends Omit<HandlerWork, 'data'> {
  readonly data: FoundData
}

/** Something that works on messages. */
export interface RunningHandler {
  readonly name: string
  /** Empty: whatever the type. */
  readonly supportedMime: readonly string[]
  /** Why it could not be loaded: all its messages fail. Undefined: it works. */
  readonly failure?: string
  /** Rejects with an error whose `final` says that trying again makes no sense. */
  run(work: HandlerWork): Promise<void>
  /** Instead of `run`, where data need not be a file. */
  runFound?(work: FoundWork): Promise<void>
  /** `GET /sizes/:uuid`, for the door of `ralph listen`. */
  readonly routes?: readonly string[]
  answer?(request: RouteRequest): Promise<unknown>
  close(): Promise<void>
}

/** Messages that a handler without threads works on at the same time. */
const mostAtOnce = 8

/**
 * `timeout` of a handler that has no thread, from its turn on. What does not heed the signal goes on, and the message does not
 * wait for it.
 */
export const withinTime = (
  block: ConfigBlock,
  place: string,
  run: (work: HandlerWork, signal: AbortSignal) => Promise<void>
): RunningHandler['run'] => {
  const seconds = numberAt(block, 'timeout', place, { byDefault: 300 })
  const inTurn = createLimit(mostAtOnce)
  const limited: RunningHandler['run'] = async (work) => {
    const ending = new AbortController()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new HandlerFailure(`it has not ended in ${seconds} s`, false))
        ending.abort()
      }, seconds * 1000)
    })
    try {
      await Promise.race([run(work, ending.signal), late])
    } finally {
      clearTimeout(timer)
    }
  }
  return (work) => inTurn(() => limited(work))
}
