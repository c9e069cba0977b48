import type { Listed } from '../../contracts/data-backend.ts'
import { RalphError } from '../../errors.ts'
import { formatPlace } from '../../records/object-place.ts'
import { expectStatus } from './errors.ts'
import { textOf } from './http.ts'
import { pathOf } from './object-path.ts'
import type { SwiftSession } from './session.ts'

interface Entry {
  readonly name: string
  readonly bytes?: unknown
  readonly hash?: unknown
  readonly content_type?: unknown
  readonly last_modified?: unknown
}

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'

/** The times of Swift are in UTC but do not say so. */
const asTime = (value: unknown): unknown => (typeof value === 'string' && /T[\d:.]+$/.test(value) ? `${value}Z` : value)

const detailsOf = ({ name, bytes, hash, content_type, last_modified }: Entry): Listed['details'] => ({
  name,
  lastModified: asTime(last_modified),
  size: bytes,
  hash,
  contentType: content_type
})

type Query = Readonly<Record<string, string>>

/** Yields the entries of a list, page by page, until a page is empty. A server may return less than it was asked for. */
async function* entriesIn(
  session: SwiftSession,
  list: { readonly name: string; readonly pathWith: (query: Query) => string },
  limit: number,
  signal: AbortSignal | undefined
): AsyncGenerator<Entry, void, undefined> {
  for (let marker = ''; ; ) {
    signal?.throwIfAborted()
    const query = { format: 'json', limit: String(limit), ...(marker === '' ? {} : { marker }) }
    const answer = await session.request({ method: 'GET', path: list.pathWith(query), signal })
    const text = await textOf(await expectStatus(answer, { container: list.name }, 200, 204))
    const page: unknown = text === '' ? [] : JSON.parse(text)
    if (!Array.isArray(page))
      throw new RalphError('STORE_UNAVAILABLE', `container ${list.name}: the storage returned no list`)
    const entries = page.filter(isEntry)
    yield* entries
    const last = entries.at(-1)
    if (last === undefined) return
    marker = last.name
  }
}

/** The containers of the account. */
export async function* listContainers(
  session: SwiftSession,
  limit: number,
  signal: AbortSignal | undefined
): AsyncGenerator<string, void, undefined> {
  const list = { name: 'of the account', pathWith: (query: Query) => `?${new URLSearchParams(query)}` }
  for await (const { name } of entriesIn(session, list, limit, signal)) yield name
}

export async function* listObjects(
  session: SwiftSession,
  container: string,
  limit: number,
  signal: AbortSignal | undefined
): AsyncGenerator<Listed, void, undefined> {
  const list = { name: container, pathWith: (query: Query) => pathOf(container, undefined, query) }
  for await (const entry of entriesIn(session, list, limit, signal)) {
    const historyId = formatPlace({ container, name: entry.name })
    yield { id: entry.name, historyId, details: detailsOf(entry) }
  }
}
