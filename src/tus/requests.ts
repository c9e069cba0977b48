import { type ErrorCode, isErrorCode, RalphError } from '../errors.ts'
import { networkReason, retryAfter } from '../network/retry.ts'
import { whileHeard } from '../network/time-limit.ts'
import { unreachable } from '../network/unreachable.ts'

export interface TusAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export interface ServerRequest {
  readonly method: 'OPTIONS' | 'POST' | 'HEAD' | 'PATCH' | 'GET' | 'DELETE'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** One request, and its answer whatever it is. Rejects with the error of the network, or `STORE_UNAVAILABLE` after silence. */
export type AskServer = (request: ServerRequest) => Promise<TusAnswer>

export interface RequestOptions {
  readonly username: string
  readonly password: string
  /** Milliseconds without a byte in either direction. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** Bytes that are handed to the connection at once. */
const slice = 2 ** 16

async function* slices(body: Uint8Array, sent: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  for (let from = 0; from < body.length; from += slice) {
    yield body.subarray(from, from + slice)
    sent()
  }
}

export const createAsk = ({ username, password, timeout, signal }: RequestOptions): AskServer => {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  return ({ method, url, headers, body }) =>
    whileHeard({ place: url.origin, timeout, signal }, async (heardSignal, heard) => {
      const response = await fetch(url, {
        method,
        headers: {
          authorization,
          'tus-resumable': '1.0.0',
          ...(body === undefined ? {} : { 'content-length': String(body.length) }),
          ...headers
        },
        // Credentials belong to this host.
        redirect: 'manual',
        signal: heardSignal,
        // As a stream: a slow line is not taken for a dead one.
        ...(body === undefined ? {} : { body: ReadableStream.from(slices(body, heard)), duplex: 'half' })
      })
      return { status: response.status, headers: response.headers, text: await response.text() }
    })
}

const byStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'UNAUTHENTICATED'],
  [403, 'FORBIDDEN'],
  [404, 'NOT_FOUND'],
  [409, 'UPLOAD_CONFLICT'],
  [410, 'UPLOAD_EXPIRED'],
  [413, 'ARCHIVE_TOO_LARGE'],
  [460, 'UPLOAD_CORRUPT'],
  [507, 'STORE_FULL']
])

/** What an answer says: Ralph's own body of errors, else a line of text. */
const saidIn = (text: string): { readonly code: ErrorCode | undefined; readonly message: string } => {
  try {
    const { error, message } = JSON.parse(text) as { readonly error?: unknown; readonly message?: unknown }
    return {
      code: isErrorCode(error) ? error : undefined,
      message: typeof message === 'string' ? message : ''
    }
  } catch {
    return { code: undefined, message: /^\s*</.test(text) ? '' : text.replace(/\s+/g, ' ').trim().slice(0, 300) }
  }
}

/** A refusal in Ralph's terms; `details.status` is that of the answer. */
export const refusal = ({ status, headers, text }: TusAnswer, url: URL): RalphError => {
  const { code, message } = saidIn(text)
  const place = `${url.origin}${url.pathname}`
  if (status === 401) {
    return new RalphError(
      'UNAUTHENTICATED',
      `${url.origin} rejects the credentials: check --username and --password, or RALPH_UPLOAD__USERNAME and RALPH_UPLOAD__PASSWORD`,
      { status }
    )
  }
  if (status === 403) {
    return new RalphError('FORBIDDEN', `${place}: the user may not do that: ${message || 'status 403'}`, { status })
  }
  const location = headers.get('location')
  const moved = status >= 300 && status < 400 && location !== null ? `: it is at ${location} now` : ''
  const wait = retryAfter(headers)
  return new RalphError(
    code ?? byStatus.get(status) ?? 'STORE_UNAVAILABLE',
    `${place} answered ${status}${message === '' ? moved : `: ${message}`}`,
    { status, ...(wait === undefined ? {} : { retryAfter: wait / 1000 }) }
  )
}

/** What failed before there was an answer. */
export const failureOf = (error: unknown, url: URL): RalphError =>
  error instanceof RalphError
    ? error
    : (unreachable(error, url.origin) ??
      new RalphError(
        'STORE_UNAVAILABLE',
        `${url.origin} is unreachable: ${networkReason(error)}`,
        {},
        { cause: error }
      ))
