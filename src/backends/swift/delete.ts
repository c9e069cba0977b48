import type { DeleteReport } from '../../contracts/data-backend.ts'
import { RalphError } from '../../errors.ts'
import { formatPlace, type ObjectPlace } from '../../records/object-place.ts'
import { expectStatus } from './errors.ts'
import { textOf } from './http.ts'
import { pathOf } from './object-path.ts'
import type { SwiftSession } from './session.ts'
import { headObject } from './write.ts'

/** The result of a bulk deletion. Its HTTP status is always 200. */
const outcomeOf = (text: string): { readonly status: string; readonly errors: string } => {
  const answer: unknown = JSON.parse(text)
  const found = typeof answer === 'object' && answer !== null ? answer : {}
  const status = 'Response Status' in found ? String(found['Response Status']) : ''
  return { status, errors: 'Errors' in found ? JSON.stringify(found.Errors) : '' }
}

/** Deletes an object with its segments, if it has any. */
export const deleteObject = async (
  session: SwiftSession,
  place: ObjectPlace,
  signal: AbortSignal | undefined
): Promise<DeleteReport> => {
  const { container, name } = place
  const head = await expectStatus(await headObject(session, place, signal), place, 200)
  const isLarge = String(head.headers['x-static-large-object']).toLowerCase() === 'true'
  if (!isLarge) {
    const answer = await session.request({ method: 'DELETE', path: pathOf(container, name), signal })
    await textOf(await expectStatus(answer, place, 204))
    return { deleted: 1 }
  }
  const path = pathOf(container, name, { 'multipart-manifest': 'delete' })
  const headers = { accept: 'application/json' }
  const answer = await session.request({ method: 'DELETE', path, headers, signal })
  const { status, errors } = outcomeOf(await textOf(await expectStatus(answer, place, 200)))
  if (!status.startsWith('200')) {
    throw new RalphError('STORE_UNAVAILABLE', `${formatPlace(place)} could not be deleted whole: ${status} ${errors}`)
  }
  return { deleted: 1 }
}
