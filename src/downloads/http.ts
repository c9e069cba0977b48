import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { type ErrorCode, RalphError } from '../errors.ts'
import { retryAfter } from '../network/retry.ts'
import { Passing, untilDone } from './attempts.ts'
import type { AddressGuard } from './guard.ts'
import type { PartialFile } from './part.ts'
import { withoutCredentials } from './source.ts'

export interface HttpFetchOptions {
  /** Undefined: every address is allowed. */
  readonly guard: AddressGuard | undefined
  /** Milliseconds without a byte after which a connection is given up. */
  readonly timeout: number
  readonly signal: AbortSignal | undefined
}

const maxRedirects = 10

const basic = ({ username, password }: URL): { Authorization?: string } =>
  username === '' && password === ''
    ? {}
    : {
        Authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`
      }

const send = (
  url: URL,
  headers: Readonly<Record<string, string>>,
  options: HttpFetchOptions
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { guard, timeout, signal } = options
    const request: RequestOptions = {
      method: 'GET',
      headers: { 'User-Agent': 'ralph', Accept: '*/*', 'Accept-Encoding': 'identity', ...headers },
      // A reused connection could lead to the host of another request.
      agent: false,
      timeout,
      ...(guard === undefined ? {} : { lookup: guard.lookup }),
      ...(signal === undefined ? {} : { signal })
    }
    const asked = url.protocol === 'https:' ? tlsRequest(url, request) : plainRequest(url, request)
    asked.on('response', resolve)
    asked.on('error', reject)
    asked.on('timeout', () => asked.destroy(Object.assign(new Error('nothing arrived in time'), { code: 'ETIMEDOUT' })))
    asked.end()
  })

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/**
 * Sends a request and follows redirects. Each is checked like the first URL. Credentials go only to the host they were given for.
 */
const ask = async (
  first: URL,
  headers: Readonly<Record<string, string>>,
  options: HttpFetchOptions
): Promise<IncomingMessage> => {
  let url = first
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    options.guard?.judge(url)
    const credentials = url.origin === first.origin ? basic(first) : {}
    const answer = await send(url, { ...headers, ...credentials }, options)
    const { statusCode = 0, headers: answered } = answer
    if (!isRedirect(statusCode) || answered.location === undefined) return answer
    answer.destroy()
    if (!URL.canParse(answered.location, url.href))
      throw new RalphError('INVALID_QUERY', `${url.host} redirects to an invalid URL`)
    url = new URL(answered.location, url)
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new RalphError('FORBIDDEN', `${first.host} redirects to ${url.protocol}//, which is not followed`)
    }
  }
  throw new RalphError('INVALID_QUERY', `${first.host} redirects more than ${maxRedirects} times`)
}

const refusals: { readonly [status: number]: ErrorCode } = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  410: 'NOT_FOUND'
}

/** Seconds. Undefined: missing or malformed. */
const retryAfterOf = ({ headers }: IncomingMessage): number | undefined => {
  const said = Object.entries({ 'retry-after': headers['retry-after'], date: headers.date })
  const pause = retryAfter(new Headers(said.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))))
  return pause === undefined ? undefined : Math.ceil(pause / 1000)
}

/** A value for If-Range: a strong ETag, otherwise the time of the last change. */
const validatorOf = ({ headers: { etag, 'last-modified': changed } }: IncomingMessage): string | undefined =>
  etag !== undefined && !etag.startsWith('W/') ? etag : changed

const lengthOf = ({ headers }: IncomingMessage): number | undefined => {
  const text = headers['content-length']
  return text === undefined ? undefined : Number(text)
}

/** `bytes 5-9/10`. Undefined: another form. */
const rangeOf = ({
  headers
}: IncomingMessage): { readonly from: number; readonly total: number | undefined } | undefined => {
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? []
  return from === undefined ? undefined : { from: Number(from), total: total === '*' ? undefined : Number(total) }
}

const refuse = (answer: IncomingMessage, place: string): never => {
  const status = answer.statusCode ?? 0
  answer.destroy()
  if (status === 429 || status === 408 || status >= 500)
    throw new Passing(`the server answers ${status}`, retryAfterOf(answer))
  throw new RalphError(
    refusals[status] ?? 'INVALID_QUERY',
    `${place}: the server answers ${status} ${answer.statusMessage ?? ''}`,
    {
      status
    }
  )
}

/** Prepares the part for the body of an answer. False: nothing more will come. */
const receive = async (answer: IncomingMessage, part: PartialFile, place: string): Promise<boolean> => {
  const status = answer.statusCode ?? 0
  if (status === 416 && part.size > 0) {
    answer.destroy()
    if (part.size === part.total) return false
    await part.begin({ goOn: false, validator: undefined, total: undefined })
    throw new Passing('the file has become shorter')
  }
  if (status === 206) {
    const range = rangeOf(answer)
    if (range?.from === part.size && part.size > 0) {
      await part.begin({ goOn: true, validator: part.validator, total: range.total ?? part.total })
      return true
    }
    answer.destroy()
    await part.begin({ goOn: false, validator: undefined, total: undefined })
    throw new Passing('the server sent another part than requested')
  }
  if (status !== 200) refuse(answer, place)
  await part.begin({ goOn: false, validator: validatorOf(answer), total: lengthOf(answer) })
  return true
}

/** RFC 6266, as far as servers use it: `filename="x.zip"`, `filename*=UTF-8''x.zip`. */
const nameIn = ({ headers }: IncomingMessage): string | undefined => {
  const text = headers['content-disposition'] ?? ''
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(text)?.[1]
  try {
    if (extended !== undefined) return decodeURIComponent(extended.trim())
  } catch {
    // Then the plain form is used.
  }
  return /filename="([^"]+)"/i.exec(text)?.[1] ?? /filename=([^;"\s]+)/i.exec(text)?.[1]
}

/**
 * Fetches a file, continuing after a broken connection if the server supports it. Resolves with the name that the server gives.
 */
export const fetchHttp = async (
  url: URL,
  part: PartialFile,
  options: HttpFetchOptions
): Promise<string | undefined> => {
  const place = withoutCredentials(url.href)
  let name: string | undefined
  const attempt = async (): Promise<void> => {
    const { size, validator } = part
    const range = size > 0 && validator !== undefined ? { Range: `bytes=${size}-`, 'If-Range': validator } : {}
    const answer = await ask(url, range, options)
    try {
      if (!(await receive(answer, part, place))) return
      name ??= nameIn(answer)
      for await (const chunk of answer) await part.append(chunk)
    } finally {
      answer.destroy()
    }
    if (part.total !== undefined && part.size < part.total) {
      throw new Passing(`the connection ended after ${part.size} of ${part.total} bytes`)
    }
  }
  await untilDone(place, attempt, {
    progress: () => (part.validator === undefined ? 0 : part.size),
    signal: options.signal
  })
  return name
}
