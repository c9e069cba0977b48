import type { RejectedRequests } from '../../contracts/rejected-requests.ts'
import type { Scope } from '../../identity/principal.ts'
import type { Call } from '../../lrs/call.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { methodNotAllowed } from '../errors.ts'
import type { MultipartLimits } from './multipart-request.ts'
import type { XapiRequest } from './request.ts'

/** A body that is made while it is sent. */
export interface Streamed {
  readonly pieces: AsyncIterable<Buffer>
  /** The bytes of it that are in memory at once. */
  readonly holds: number
  /** The bytes of all pieces, if known. */
  readonly length?: number
}

export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer | Streamed | undefined
  /** Headers of the request that this answer depends on, besides those that every answer depends on. */
  readonly variesBy?: readonly string[]
}

/** What a resource needs to know of the server. */
export interface Door {
  readonly moreLink: (cursor: string) => string
  readonly partialSuccessDefault: boolean
  /** The limits of multipart requests. */
  readonly limits: MultipartLimits
  /** Keeps requests whose statements are rejected. Undefined: they are not kept. */
  readonly rejected?: RejectedRequests | undefined
}

export interface Operation {
  readonly summary: string
  /** The names of the query parameters. A required one ends in `!`. */
  readonly parameters: readonly string[]
  /** The scope that the principal needs where scopes are enforced. */
  readonly scope: Scope
  answer(call: Call, request: XapiRequest, door: Door): Promise<Answer>
}

/** GET includes HEAD. */
export type OperationName = 'GET' | 'PUT' | 'POST' | 'DELETE'

/** A resource of the specification, below /xAPI, and all that HTTP has to know about it. */
export interface Resource {
  readonly path: string
  /** The schema of the query parameters, below schemas/xapi/1.0.3. */
  readonly parameters: string
  readonly summary: string
  /** The content type of a request in the alternate syntax that does not say its type. Undefined: the same as in any other request. */
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

/** An HTTP date has seconds, so the fraction is cut off. */
export const httpDate = (micros: Micros): string => new Date(Math.floor(micros / 1000)).toUTCString()
