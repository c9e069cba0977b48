import type { ReadBatch } from '../contracts/data-backend.ts'

/** The records of one request. */
export interface RecordPage<Key> {
  readonly lines: readonly string[]
  /** The size of all its records. Undefined when the database itself keeps pages small. */
  readonly bytes?: number
  /** The key after which more records may follow. Undefined on the last page. */
  readonly last: Key | undefined
}

export interface PagesOptions {
  /** The most records in all. */
  readonly limit: number | undefined
  /** The most records of the first page, when their size is not known yet. */
  readonly first?: number
  /** The most records of a page. */
  readonly most: number
  /** The approximate size of a page. Two pages are held at once. */
  readonly pageBytes?: number
  readonly signal: AbortSignal | undefined
}

/**
 * Reads records in pages. While the caller works on one page, the next one is under way. `fetch` reads up to `size`
 * records after a key. Its signal is aborted when the caller stops.
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
        // It is awaited after the caller has processed this page.
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
