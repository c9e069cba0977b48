import type { ServerWritableStream } from '@grpc/grpc-js'
import { RalphError } from '../errors.ts'
import type { RunningCall } from './running-call.ts'

/**
 * Sends a message of a stream, and waits until the connection has taken it: of a client that does not read nothing more is held
 * than this one message. `REQUEST_TIMEOUT` when that takes longer than `patience` milliseconds.
 */
export const sendMessage = <Request, Message>(
  stream: ServerWritableStream<Request, Message>,
  message: Message,
  { signal }: RunningCall,
  patience: number
): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      end()
    }
    const onAbort = (): void => settle(() => reject(signal.reason))
    const late = new RalphError(
      'REQUEST_TIMEOUT',
      `The client did not read a message in the ${patience / 1000} s of RALPH_RUNSERVER_ANSWER_TIMEOUT.`,
      { limit: patience / 1000, setting: 'RALPH_RUNSERVER_ANSWER_TIMEOUT' }
    )
    const timer = setTimeout(() => settle(() => reject(late)), patience)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    stream.write(message, (error: unknown) =>
      settle(() => (error instanceof Error ? reject(signal.aborted ? signal.reason : error) : resolve()))
    )
  })
