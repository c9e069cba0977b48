import type { ConfigBlock } from '../contracts/listeners.ts'
import type { HandlerWork, RouteRequest } from './thread-messages.ts'
import { HandlerFailure } from './threads.ts'
import { numberAt } from './values.ts'

/** Something that works on messages. */
export interface RunningHandler {
  readonly name: string
  /** Empty: whatever the type. */
  readonly supportedMime: readonly string[]
  /** Rejects with an error whose `final` says that trying again makes no sense. */
  run(work: HandlerWork): Promise<void>
  /** `GET /sizes/:uuid`, for the door of `ralph listen`. */
  readonly routes?: readonly string[]
  answer?(request: RouteRequest): Promise<unknown>
  close(): Promise<void>
}

/** `timeout` of a handler that has no thread. What does not heed the signal goes on, and the message does not wait for it. */
export const withinTime = (
  block: ConfigBlock,
  place: string,
  run: (work: HandlerWork, signal: AbortSignal) => Promise<void>
): RunningHandler['run'] => {
  const seconds = numberAt(block, 'timeout', place, { byDefault: 300 })
  return async (work) => {
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
}
