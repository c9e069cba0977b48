import { type ErrorCode, type ErrorDetails, errorCodes, RalphError } from '../errors.ts'
import type { ThreadChunk, ThreadWork } from './thread-work.ts'

/** An error loses its class and its fields between threads, so they are sent like this. */
interface SentError {
  readonly code: ErrorCode
  readonly message: string
  readonly details: ErrorDetails
}

/** What a thread sends: first that it is ready, then the result of each piece, in order. */
export type Message<Out> = 'ready' | { readonly out: Out } | { readonly error: SentError }

/** What a thread has to do. */
export interface Task {
  /** The URL of the module that exports `createWork`. */
  readonly module: string
  readonly data: unknown
}

export const toSent = (error: unknown): SentError => {
  if (error instanceof RalphError) return { code: error.code, message: error.message, details: error.details }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { code: 'INTERNAL', message, details: {} }
}

export const fromSent = ({ code, message, details }: SentError): RalphError =>
  new RalphError(code in errorCodes ? code : 'INTERNAL', message, details)

/** The bytes in a buffer that holds nothing else, so it can be transferred. */
export const ownBuffer = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const { buffer } = bytes
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength
  return isWhole ? new Uint8Array(buffer) : new Uint8Array(bytes)
}

/** Loads the work from a module. */
export const loadWork = async <In extends ThreadChunk, Out extends ThreadChunk>({
  module,
  data
}: Task): Promise<ThreadWork<In, Out>> => {
  const { createWork }: { readonly createWork?: unknown } = await import(module)
  if (typeof createWork !== 'function')
    throw new RalphError('INTERNAL', `${module} does not export a function createWork`)
  return createWork(data)
}
