import type { ServerReadableStream, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js'
import type { Imports } from '../../contracts/imports.ts'
import type { RunningPart } from '../../contracts/part.ts'
import type { ByteBudget } from '../../http/budget.ts'
import type { RunningCall } from '../running-call.ts'
import type { Doorkeeping } from '../who.ts'

/** What the services are made of. */
export interface ServiceContext extends Doorkeeping {
  /** Counts the bytes that all calls in flight hold together, and bounds them. */
  readonly budget: ByteBudget
  /** Undefined: this server does not work on imports. */
  readonly imports: Imports | undefined
  readonly parts: () => ReadonlyMap<string, RunningPart>
  /** Of Ralph. */
  readonly version: string
  /** Aborted when the server stops: streams that have no end are ended, and their clients go on elsewhere. */
  readonly stopping: AbortSignal
}

/** One method: what it does when a call comes. What it throws ends the call. */
export type ServedMethod<Request, Response> =
  | {
      readonly kind: 'unary'
      readonly run: (call: RunningCall, request: Request, raw: ServerUnaryCall<Request, Response>) => Promise<Response>
    }
  | {
      readonly kind: 'clientStream'
      readonly run: (call: RunningCall, raw: ServerReadableStream<Request, Response>) => Promise<Response>
    }
  | {
      readonly kind: 'serverStream'
      readonly run: (call: RunningCall, request: Request, raw: ServerWritableStream<Request, Response>) => Promise<void>
    }
