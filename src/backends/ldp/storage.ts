import { RalphError } from '../../errors.ts'

/** The answer of the storage to a temporary link. */
export interface StorageAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: AsyncIterable<Uint8Array>
  /** Discards a body that nobody reads. */
  drop(): void
}

export interface GetOptions {
  /** The first byte that is wanted. */
  readonly from: number
  /** In seconds: for the answer, and for each piece of it. */
  readonly timeout: number | undefined
  readonly signal: AbortSignal | undefined
}

/** Sends the request without any keys. The keys are for the API, and a link needs none. */
export const get = async (url: URL, { from, timeout, signal }: GetOptions): Promise<StorageAnswer> => {
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const inTime = async <Result>(work: Promise<Result>): Promise<Result> => {
    if (timeout === undefined) return work
    const late = Object.assign(new Error(`nothing came for ${timeout} seconds`), { code: 'ETIMEDOUT' })
    const timer = setTimeout(() => stop.abort(late), timeout * 1000)
    try {
      return await work
    } finally {
      clearTimeout(timer)
    }
  }

  // The checksum is that of the stored archive, so nothing may be decompressed in between.
  const headers = { 'accept-encoding': 'identity', ...(from === 0 ? {} : { range: `bytes=${from}-` }) }
  const response = await inTime(fetch(url, { headers, signal: either }))
  const content = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = response.body?.getReader()
    try {
      for (;;) {
        const next = await inTime(reader?.read() ?? Promise.resolve({ done: true as const, value: undefined }))
        if (next.done) return
        yield next.value
      }
    } finally {
      stop.abort()
    }
  }
  return {
    status: response.status,
    headers: response.headers,
    body: content(),
    drop: () => stop.abort()
  }
}

export const isPassingStatus = (status: number): boolean => [408, 500, 502, 503, 504].includes(status)

/** The bytes after `from`, whether the storage supports ranges or not. */
export const contentFrom = (
  { status, headers, body, drop }: StorageAnswer,
  from: number
): AsyncIterable<Uint8Array> => {
  if (status === 200) return from === 0 ? body : behind(from, body)
  const start = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1]
  if (Number(start) === from) return body
  drop()
  throw new RalphError('STORE_UNAVAILABLE', `the storage gave another range than bytes ${from} and on`)
}

async function* behind(count: number, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let left = count
  for await (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
}
