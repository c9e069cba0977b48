import { readLogins } from '../authentication.ts'
import { answerHeaders } from './answer-headers.ts'
import { closing } from './closing.ts'
import { connections } from './connections.ts'
import { cors } from './cors.ts'
import { errors } from './errors.ts'
import { refusals } from './refusals.ts'
import { requestState } from './request-state.ts'
import { slowReaders } from './slow-readers.ts'

/**
 * What holds for every request, whichever plugin takes it. The order matters: every answer has its headers, and a page
 * of another origin can read it, before anything may refuse the request.
 */
export const everyRequest = [
  requestState,
  readLogins,
  answerHeaders,
  cors,
  refusals,
  connections,
  closing,
  slowReaders,
  errors
] as const
