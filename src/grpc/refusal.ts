import { Metadata, type StatusObject } from '@grpc/grpc-js'
import type { RalphError } from '../errors.ts'
import { errorBody } from '../http/errors.ts'
import { statusCodes } from './status-codes.ts'

/** Bytes of the details of an error. They travel in trailers, of which clients take 8 KiB in all. */
const mostDetails = 4096

/** As many problems as there is room for; the first one is in the message too. */
const fitting = (body: object): string => {
  const whole = JSON.stringify(body)
  if (Buffer.byteLength(whole) <= mostDetails) return whole
  const kept = Object.entries(body).map(([name, value]) => [name, Array.isArray(value) ? value.slice(0, 3) : value])
  const short = JSON.stringify(Object.fromEntries(kept))
  if (Buffer.byteLength(short) <= mostDetails) return short
  const plain = Object.entries(body).filter(([, value]) => typeof value !== 'object' && typeof value !== 'string')
  return JSON.stringify(Object.fromEntries(plain))
}

/**
 * How a call ends that was refused. The trailer `ralph-error` has the code of the error, and `ralph-error-bin` the body that
 * HTTP would answer: JSON, with fewer problems where they are many.
 */
export const refusalOf = (error: RalphError): StatusObject => {
  const body = errorBody(error)
  const metadata = new Metadata()
  metadata.set('ralph-error', error.code)
  metadata.set('ralph-error-bin', Buffer.from(fitting(body)))
  const details = 'message' in body ? String(body.message) : error.code
  return { code: statusCodes[error.code], details, metadata }
}
