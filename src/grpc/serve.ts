import type { Metadata, StatusObject } from '@grpc/grpc-js'
import { codeOf, RalphError } from '../errors.ts'
import { errorStatus } from '../http/error-status.ts'
import type { FaultLog } from '../http/every-request/fault-log.ts'
import { sourceOf } from '../http/source.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { refusalOf } from './refusal.ts'
import type { Middleware, RunningCall } from './running-call.ts'
import { statusCodes, statusName } from './status-codes.ts'

/** What every call needs, whatever it asks. */
export interface Serving {
  readonly middleware: Middleware
  readonly logger: Logger
  readonly faults: FaultLog
  /** The calls that have not ended. */
  readonly running: Set<RunningCall>
  /** What was thrown, was no refusal, and met no middleware that recovers. */
  readonly onFault: (error: unknown) => void
  /** Undefined: nobody is told of calls. */
  readonly telemetry: Telemetry | undefined
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
export const addressOfPeer = (peer: string): string => peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')

/** The source of a call, as that of HTTP. */
export const sourceOfPeer = (peer: string): string => sourceOf(addressOfPeer(peer))

const gone = (): RalphError =>
  new RalphError('INTERRUPTED', 'The client cancelled the call, has gone, or set a deadline that has passed.')

const runningCall = (call: ServedCall, logger: Logger): RunningCall => {
  const controller = new AbortController()
  call.on('cancelled', () => controller.abort(gone()))
  return {
    path: call.getPath(),
    metadata: call.metadata,
    source: sourceOfPeer(call.getPeer()),
    address: addressOfPeer(call.getPeer()),
    signal: controller.signal,
    logger,
    username: undefined,
    trace: undefined,
    sendMetadata: (metadata) => call.sendMetadata(metadata)
  }
}

/** Measures a call, until the returned function is called with its error. */
const measuring = ({ path }: RunningCall, telemetry: Telemetry | undefined) => {
  const began = performance.now()
  return (error: RalphError | undefined): void => {
    const metrics = telemetry?.metrics
    if (metrics === undefined) return
    const status = error === undefined ? 'OK' : statusName(statusCodes[error.code])
    metrics.answered('gRPC', path, status, (performance.now() - began) / 1000)
    if (error !== undefined) metrics.refused(error)
  }
}

/**
 * Runs the work of a call inside its middleware. Resolves with what the work gives, or with how the call ends that was
 * refused. It never rejects.
 */
export const serveCall = async <Answer>(
  served: ServedCall,
  { middleware, logger, faults, running, onFault, telemetry }: Serving,
  work: (call: RunningCall) => Promise<Answer>
): Promise<{ readonly answer: Answer } | { readonly refusal: StatusObject }> => {
  const call = runningCall(served, logger)
  const measure = measuring(call, telemetry)
  running.add(call)
  let done: { readonly answer: Answer } | undefined
  try {
    await middleware(call, async () => {
      done = { answer: await work(call) }
    })
    if (done === undefined) throw new RalphError('INTERNAL', 'A middleware left out the call.')
    measure(undefined)
    return done
  } catch (error) {
    if (!(error instanceof RalphError)) {
      // The client is told before the process ends.
      setImmediate(onFault, error)
      const failed = new RalphError(
        'INTERNAL',
        `The server failed${codeOf(error) === undefined ? '' : ` (${codeOf(error)})`}.`
      )
      measure(failed)
      return { refusal: refusalOf(failed) }
    }
    measure(error)
    const status = errorStatus[error.code]
    if (status >= 500 && !call.signal.aborted)
      faults.note(error.cause ?? error, error, status, call.trace?.traceId ?? '-')
    return { refusal: refusalOf(error) }
  } finally {
    running.delete(call)
  }
}
