import type { Metadata } from '@grpc/grpc-js'
import type { MiddlewareOf } from '../protocol/middleware.ts'
import type { Logger } from '../telemetry/logger.ts'

/** By which the lines of the log and the calls of several programs are known to belong together. */
export interface CallTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits: this call. */
  readonly spanId: string
  /** The call of the client; undefined: the client has none. */
  readonly parentSpanId: string | undefined
  readonly isSampled: boolean
}

/** One call, from its first metadata on. Middleware and services write down what they find out. */
export interface RunningCall {
  /** `/ralph.v1.Statements/Write` */
  readonly path: string
  /** What the client sent before any message. */
  readonly metadata: Metadata
  /** The address of the client, as `sourceOf` has it. */
  readonly source: string
  /** The address itself. */
  readonly address: string
  /** Aborted when nobody waits for the answer any more: cancelled, gone, or later than the deadline. */
  readonly signal: AbortSignal
  readonly logger: Logger
  /** Who is asking, once that is known. */
  username: string | undefined
  /** Undefined where no middleware traces. */
  trace: CallTrace | undefined
  /** Sends metadata before the first message of the answer. */
  sendMetadata(metadata: Metadata): void
}

export type Middleware = MiddlewareOf<RunningCall>
