import type { ReadBatch } from '../contracts/data-backend.ts'

/** What one request brings. */
export interface RecordPage<Key> {
  readonly lines: readonly string[]
  /** Of all its records; undefined where the database itself keeps pages small. */
  readonly bytes?: number
  /** After which more may follow; undefined: this is the last page. */
  readonly last: Key | undefined
}

export interface PagesOptions {
  /** Of records in all. */
  readonly limit: number | undefined
  /** Of records in the first page, when nothing is known of their size yet. */
  readonly first?: number
  /** Of records in a page. */
  readonly most: number
  /** Of a page, about: two of them are held. */
  readonly pageBytes?: number
  readonly signal: AbortSignal | undefined
}

/**
 * Records in pages: while one is worked on the next one is under way. `fetch` reads up to `size` records after a key; its
 * signal is aborted when nobody wants them any more.
 */
export async function* readPages<Key>(
  fetch: (size: number, after: Key | undefined, signal: AbortSignal) => Promise<RecordPage<Key>>,
  { limit, most, first = most, pageBytes = Number.POSITIVE_INFINITY, signal }: PagesOptions
): AsyncGenerator<ReadBatch, void, undefined> {
  const ended = new AbortController()
  const stop = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal])
  let left = limit ?? Number.POSITIVE_INFINITY
  let next = fetch(Math.min(first, most, left), undefined, stop)
  try {
    for (;;) {
      const { lines, bytes = 0, last } = await next
      const wanted = lines.length > left ? lines.slice(0, left) : lines
      left -= wanted.length
      const ends = last === undefined || left <= 0
      if (!ends) {
        const fitting = Math.floor((pageBytes * lines.length) / Math.max(bytes, 1))
        next = fetch(Math.max(1, Math.min(most, left, fitting)), last, stop)
        // Awaited when the page was worked on.
        next.catch(() => {})
      }
      if (wanted.length > 0) yield { lines: wanted }
      signal?.throwIfAborted()
      if (ends) return
    }
  } finally {
    ended.abort()
    await next.catch(() => {})
  }
}
