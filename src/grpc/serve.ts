import type { Metadata, StatusObject } from '@grpc/grpc-js'
import { codeOf, RalphError } from '../errors.ts'
import { errorStatus } from '../http/error-status.ts'
import type { FaultLog } from '../http/every-request/fault-log.ts'
import { sourceOf } from '../http/source.ts'
import type { Logger } from '../telemetry/logger.ts'
import { refusalOf } from './refusal.ts'
import type { Middleware, RunningCall } from './running-call.ts'

/** What every call needs, whatever it asks. */
export interface Serving {
  readonly middleware: Middleware
  readonly logger: Logger
  readonly faults: FaultLog
  /** The calls that have not ended. */
  readonly running: Set<RunningCall>
  /** What was thrown, was no refusal, and met no middleware that recovers. */
  readonly onFault: (error: unknown) => void
}

/** What calls of all kinds have in grpc-js. */
export interface ServedCall {
  readonly metadata: Metadata
  getPath(): string
  getPeer(): string
  sendMetadata(metadata: Metadata): void
  on(event: 'cancelled', listener: () => void): unknown
}

/** `127.0.0.1:4321`, `[::1]:4321` or `unknown`: without the port. */
const addressOf = (peer: string): string => peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')

/** The source of a call, as that of HTTP. */
export const sourceOfPeer = (peer: string): string => sourceOf(addressOf(peer))

const gone = (): RalphError =>
  new RalphError('INTERRUPTED', 'The client cancelled the call, has gone, or set a deadline that has passed.')

const runningCall = (call: ServedCall, logger: Logger): RunningCall => {
  const controller = new AbortController()
  call.on('cancelled', () => controller.abort(gone()))
  return {
    path: call.getPath(),
    metadata: call.metadata,
    source: sourceOfPeer(call.getPeer()),
    signal: controller.signal,
    logger,
    username: undefined,
    trace: undefined,
    sendMetadata: (metadata) => call.sendMetadata(metadata)
  }
}

/**
 * Runs the work of a call inside its middleware. Resolves with what the work gives, or with how the call ends that was
 * refused. It never rejects.
 */
export const serveCall = async <Answer>(
  served: ServedCall,
  { middleware, logger, faults, running, onFault }: Serving,
  work: (call: RunningCall) => Promise<Answer>
): Promise<{ readonly answer: Answer } | { readonly refusal: StatusObject }> => {
  const call = runningCall(served, logger)
  running.add(call)
  let done: { readonly answer: Answer } | undefined
  try {
    await middleware(call, async () => {
      done = { answer: await work(call) }
    })
    if (done === undefined) throw new RalphError('INTERNAL', 'A middleware left out the call.')
    return done
  } catch (error) {
    if (!(error instanceof RalphError)) {
      // The client is told before the process ends.
      setImmediate(onFault, error)
      const failed = new RalphError(
        'INTERNAL',
        `The server failed${codeOf(error) === undefined ? '' : ` (${codeOf(error)})`}.`
      )
      return { refusal: refusalOf(failed) }
    }
    const status = errorStatus[error.code]
    if (status >= 500 && !call.signal.aborted)
      faults.note(error.cause ?? error, error, status, call.trace?.traceId ?? '-')
    return { refusal: refusalOf(error) }
  } finally {
    running.delete(call)
  }
}
