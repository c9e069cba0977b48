import type { Log } from '../../contracts/log.ts'
import { formatPlace, type ObjectPlace } from '../../records/object-place.ts'
import { expectStatus } from './errors.ts'
import { textOf } from './http.ts'
import { pathOf } from './object-path.ts'
import type { SwiftSession } from './session.ts'

/** The place in an entry of a manifest: `/container/name`. */
const placeOf = (entry: unknown): ObjectPlace | undefined => {
  if (typeof entry !== 'object' || entry === null || !('name' in entry) || typeof entry.name !== 'string')
    return undefined
  const [, container, name] = /^\/([^/]+)\/(.+)$/s.exec(entry.name) ?? []
  return container === undefined || name === undefined ? undefined : { container, name }
}

/** The segments of the existing object. Empty if there is no object, or it has no segments. */
export const findSegments = async (
  session: SwiftSession,
  { container, name }: ObjectPlace,
  signal: AbortSignal | undefined
): Promise<readonly ObjectPlace[]> => {
  const head = await session.request({ method: 'HEAD', path: pathOf(container, name), signal })
  await textOf(head)
  if (head.status !== 200 || head.headers['x-static-large-object'] === undefined) return []
  const path = pathOf(container, name, { 'multipart-manifest': 'get' })
  const answer = await expectStatus(await session.request({ method: 'GET', path, signal }), { container, name }, 200)
  const entries: unknown = JSON.parse(await textOf(answer))
  return Array.isArray(entries) ? entries.flatMap((entry) => placeOf(entry) ?? []) : []
}

/** Removes segments that belong to no object any more. A failure is only a warning. */
export const removeSegments = async (
  session: SwiftSession,
  segments: readonly ObjectPlace[],
  log: Log
): Promise<void> => {
  for (const segment of segments) {
    try {
      const path = pathOf(segment.container, segment.name)
      const answer = await session.request({ method: 'DELETE', path, signal: undefined })
      await textOf(await expectStatus(answer, segment, 204, 404))
    } catch (error) {
      log.warn(`${formatPlace(segment)} and the following ones stay there unused: delete them (${error})`)
      return
    }
  }
}
