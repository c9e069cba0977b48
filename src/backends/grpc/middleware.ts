import type { Metadata } from '@grpc/grpc-js'
import type { Log } from '../../contracts/log.ts'
import { composed, type MiddlewareOf } from '../../protocol/middleware.ts'
import { continueTrace, traceHeaders } from '../../protocol/trace.ts'
import type { MiddlewareSetting } from '../../settings/settings.ts'
import { failureOf, isServiceError, sentenceOf } from './errors.ts'

/** A call before it is sent. */
export interface OutgoingCall {
  /** `/ralph.v1.Statements/Write` */
  readonly path: string
  readonly address: string
  readonly metadata: Metadata
  readonly log: Log
  /** Undefined when no middleware traces. */
  traceId: string | undefined
}

type CallStep = MiddlewareOf<OutgoingCall>

/** A failure of the client itself becomes the failure of this call. */
const recover: CallStep = async ({ address }, next) => {
  try {
    await next()
  } catch (error) {
    throw isServiceError(error) ? error : failureOf(error, address)
  }
}

const logging: CallStep = async (call, next) => {
  const started = performance.now()
  const say = (outcome: string): void => {
    const trace = call.traceId === undefined ? '' : `, trace ${call.traceId}`
    call.log.info(
      `gRPC ${call.path} at ${call.address}: ${outcome}, ${Math.round(performance.now() - started)} ms${trace}`
    )
  }
  try {
    await next()
    say('OK')
  } catch (error) {
    say(isServiceError(error) ? sentenceOf(error) : 'failed')
    throw error
  }
}

const tracing: CallStep = async (call, next) => {
  const trace = continueTrace(undefined)
  call.traceId = trace.traceId
  for (const [name, value] of traceHeaders(trace)) call.metadata.set(name, value)
  await next()
}

const steps: { readonly [name in Exclude<MiddlewareSetting['name'], 'max_message_size'>]: CallStep } = {
  recover,
  logging,
  tracing
}

/** Runs a call inside the middleware of the settings. The first of the list is the outermost. */
export const runCall = async <Result>(
  list: readonly MiddlewareSetting[],
  call: OutgoingCall,
  work: () => Promise<Result>
): Promise<Result> => {
  const results: Result[] = []
  const innermost = async (): Promise<void> => {
    results.push(await work())
  }
  const plain = list.flatMap((each) => (each.name === 'max_message_size' ? [] : [steps[each.name]]))
  await composed(plain)(call, innermost)
  // The innermost step has run, or an error was thrown.
  return results[0] as Result
}
