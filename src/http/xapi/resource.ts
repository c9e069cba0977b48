import type { RejectedRequests } from '../../contracts/rejected-requests.ts'
import type { Scope } from '../../identity/principal.ts'
import type { Call } from '../../lrs/call.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { methodNotAllowed } from '../errors.ts'
import type { MultipartLimits } from './multipart-request.ts'
import type { XapiRequest } from './request.ts'

/** An answer that is made while it is sent. */
export interface Streamed {
  readonly pieces: AsyncIterable<Buffer>
  /** Bytes of it that are in memory at once. */
  readonly holds: number
  /** Of all pieces, if that is known. */
  readonly length?: number
}

export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer | Streamed | undefined
  /** Headers of the request that decided what is in it, beside those that always do. */
  readonly variesBy?: readonly string[]
}

/** What a resource needs to know of the door it is behind. */
export interface Door {
  readonly moreLink: (cursor: string) => string
  readonly partialSuccessDefault: boolean
  /** Of multipart requests. */
  readonly limits: MultipartLimits
  /** Keeps requests to store statements that are rejected; undefined: they are not kept. */
  readonly rejected?: RejectedRequests | undefined
}

export interface Operation {
  readonly summary: string
  /** Names of the query parameters, a required one with a trailing `!`. */
  readonly parameters: readonly string[]
  /** What the principal must hold where scopes are enforced. */
  readonly scope: Scope
  answer(call: Call, request: XapiRequest, door: Door): Promise<Answer>
}

/** GET stands for HEAD too. */
export type OperationName = 'GET' | 'PUT' | 'POST' | 'DELETE'

/** A resource of the specification, below /xAPI; everything about it that HTTP has to know. */
export interface Resource {
  readonly path: string
  /** The schema that describes the query parameters, below schemas/xapi/1.0.3. */
  readonly parameters: string
  readonly summary: string
  /** Of what comes in the alternate syntax without saying its type; undefined: as when it comes any other way. */
  readonly alternateContentType?: string
  readonly operations: { readonly [name in OperationName]?: Operation }
}

export const allowedMethods = (resource: Resource): string =>
  Object.keys(resource.operations)
    .flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]))
    .join(', ')

export const operationOf = (resource: Resource, method: string): Operation => {
  const name = method === 'HEAD' ? 'GET' : method
  const operation = Object.entries(resource.operations).find(([each]) => each === name)?.[1]
  if (operation === undefined) throw methodNotAllowed(resource.path, method, allowedMethods(resource))
  return operation
}

export const jsonAnswer = (value: unknown): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(value)
})

/** An HTTP date has seconds; the fraction is cut off. */
export const httpDate = (micros: Micros): string => new Date(Math.floor(micros / 1000)).toUTCString()
