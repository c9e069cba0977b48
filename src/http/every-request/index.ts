import { readLogins } from '../authentication.ts'
import { answerHeaders } from './answer-headers.ts'
import { closing } from './closing.ts'
import { connections } from './connections.ts'
import { cors } from './cors.ts'
import { errors } from './errors.ts'
import { observe } from './observe.ts'
import { refusals } from './refusals.ts'
import { requestState } from './request-state.ts'
import { slowReaders } from './slow-readers.ts'

/**
 * What applies to every request of every plugin. The order matters: before anything may refuse a request, its answer must have its headers
 * and be readable by a page of another origin.
 */
export const everyRequest = [
  requestState,
  observe,
  readLogins,
  answerHeaders,
  cors,
  refusals,
  connections,
  closing,
  slowReaders,
  errors
] as const
