import type { AsyncLocalStorage } from 'node:async_hooks'
import type { Readable } from 'node:stream'
import { ERRORS, Server, type Upload } from '@tus/server'
import { codeOf, RalphError } from '../errors.ts'
import type { UploadAsked, UploadTarget } from './target.ts'
import type { UploadTurns } from './turns.ts'

/** The protocol, implemented by the library. Authorization, expiry and imports are not its concern. */
export interface TusEngine {
  answer(request: TusRequest, asked: UploadAsked): Promise<Response>
}

export interface TusRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array> | undefined
}

export interface TusOptions {
  readonly target: UploadTarget
  readonly turns: UploadTurns
  readonly maxSize: number
  readonly asking: AsyncLocalStorage<UploadAsked>
  /** A client wants to send an upload. */
  readonly onCreate: (upload: Upload, asked: UploadAsked) => Promise<void>
}

/** Status codes of the library, and our error codes for them. */
const byStatus: { readonly [status: number]: 'INVALID_HEADER' | 'NOT_FOUND' | 'UPLOAD_CONFLICT' | 'UPLOAD_EXPIRED' } = {
  400: 'INVALID_HEADER',
  403: 'INVALID_HEADER',
  404: 'NOT_FOUND',
  409: 'UPLOAD_CONFLICT',
  410: 'UPLOAD_EXPIRED',
  501: 'INVALID_HEADER'
}

const isRefusal = (error: unknown): error is { readonly status_code: number; readonly body: string } =>
  typeof error === 'object' && error !== null && 'status_code' in error && 'body' in error

const inOurTerms = (error: unknown, maxSize: number): unknown => {
  if (error === ERRORS.ABORTED || codeOf(error) === 'ECONNRESET') {
    return new RalphError(
      'MALFORMED_REQUEST',
      'The body ended too early. Ask for the offset with HEAD and continue there.'
    )
  }
  if (!isRefusal(error)) return error
  if (error.status_code === 413) {
    return new RalphError(
      'ARCHIVE_TOO_LARGE',
      `The upload is larger than announced, or than the ${maxSize} bytes of RALPH_IMPORTS_MAX_SIZE.`,
      { limit: maxSize, setting: 'RALPH_IMPORTS_MAX_SIZE' }
    )
  }
  const code = byStatus[error.status_code]
  return code === undefined ? error : new RalphError(code, `${error.body.trim()}.`)
}

export const createTusEngine = ({ target, turns, maxSize, asking, onCreate }: TusOptions): TusEngine => {
  const current = (): UploadAsked => {
    const asked = asking.getStore()
    if (asked === undefined) throw new RalphError('INTERNAL', 'defect: an upload is processed without a request')
    return asked
  }
  const server = new Server({
    path: '/api/upload',
    datastore: target.store,
    locker: turns,
    maxSize,
    relativeLocation: true,
    namingFunction: () => current().id,
    onUploadCreate: async (_request, upload) => {
      await onCreate(upload, current())
      return {}
    },
    onResponseError: (_request, error) => {
      current().failure = error
      return undefined
    }
  })
  return {
    answer: async ({ method, headers, body }, asked) => {
      const path = method === 'POST' ? '/api/upload' : `/api/upload/${asked.id}`
      const request = new Request(`http://ralph.invalid${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: ReadableStream.from(body), duplex: 'half' })
      })
      const response = await asking.run(asked, () => server.handleWeb(request))
      if (asked.failure !== undefined) throw inOurTerms(asked.failure, maxSize)
      if (response.status >= 400) throw new RalphError('INVALID_HEADER', `${(await response.text()).trim()}.`)
      return response
    }
  }
}

/**
 * The bytes of a request. `note` is called now and then when some have come. The request is not destroyed when no more bytes are
 * wanted, because it still needs its answer.
 */
export async function* noted(body: Readable, note: () => Promise<void>, every: number): AsyncGenerator<Uint8Array> {
  let last = performance.now()
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    yield chunk
    if (performance.now() - last < every) continue
    last = performance.now()
    await note()
  }
}

/**
 * A client that is still sending reads no answer, so the rest is read and discarded. The server limits how long this may take.
 */
export const passOver = (body: Readable, bytes: AsyncGenerator<Uint8Array>): void => {
  if (body.readableEnded || body.destroyed) return
  bytes
    .return(undefined)
    .then(() => body.resume())
    // The connection broke: there is no rest.
    .catch(() => {})
}
