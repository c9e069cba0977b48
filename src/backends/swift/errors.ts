import { RalphError } from '../../errors.ts'
import { formatPlace, type ObjectPlace } from '../../records/object-place.ts'
import { type HttpAnswer, textOf } from './http.ts'

/** The subject of a request. Without a name it was the container. */
export type RequestSubject = { readonly container: string } | ObjectPlace

/** Reads the reason of a refusal and returns the error. */
export const refusalOf = async (answer: HttpAnswer, about: RequestSubject): Promise<RalphError> => {
  const { status } = answer
  const said = (await textOf(answer))
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200)
  const what = 'name' in about ? formatPlace(about) : `container ${about.container}`
  const details = { status, ...about }
  if (status === 404) {
    const why = 'name' in about ? 'is not there' : 'does not exist: create it, or name another one'
    return new RalphError('NOT_FOUND', `${what} ${why}`, details)
  }
  if (status === 403) return new RalphError('FORBIDDEN', `${what}: the user may not do that`, details)
  if (status === 413 || status === 507) {
    return new RalphError('STORE_FULL', `${what}: the storage is full (${status} ${said})`, details)
  }
  return new RalphError('STORE_UNAVAILABLE', `${what}: the storage answers ${status} ${said}`, details)
}

/** Returns `answer` if it has one of these statuses. Its body is not read yet. */
export const expectStatus = async <Answer extends HttpAnswer>(
  answer: Answer,
  about: RequestSubject,
  ...statuses: readonly number[]
): Promise<Answer> => {
  if (statuses.includes(answer.status)) return answer
  throw await refusalOf(answer, about)
}

/** The subject of a refused write. An object need not exist before a write, so a 404 means that its container is missing. */
export const aboutWriting = (place: ObjectPlace, { status }: HttpAnswer): RequestSubject =>
  status === 404 ? { container: place.container } : place
