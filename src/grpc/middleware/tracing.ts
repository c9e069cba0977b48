import { Metadata } from '@grpc/grpc-js'
import { continueTrace, readTrace, traceHeaders } from '../../protocol/trace.ts'
import { firstOf } from '../metadata.ts'
import type { Middleware } from '../running-call.ts'

/** Goes on with the trace of the client, or begins one, writes it down for the log, and tells the client of it. */
export const tracing: Middleware = async (call, next) => {
  const caller = readTrace((name) => firstOf(call.metadata, name))
  const own = continueTrace(caller)
  call.trace = { ...own, parentSpanId: caller?.spanId }
  const answer = new Metadata()
  for (const [name, value] of traceHeaders(own)) answer.set(name, value)
  call.sendMetadata(answer)
  await next()
}
