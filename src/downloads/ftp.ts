import { Writable } from 'node:stream'
import { RalphError } from '../errors.ts'
import { Passing, untilDone } from './attempts.ts'
import type { PartialFile } from './part.ts'
import { withoutCredentials } from './source.ts'

interface FtpOptions {
  readonly timeout: number
  readonly signal: AbortSignal | undefined
}

/** The reply of the server with its code. Undefined: the error is not from the server. */
const replyOf = (error: unknown): { readonly code: number; readonly message: string } | undefined =>
  error instanceof Error && error.name === 'FTPError' && 'code' in error && typeof error.code === 'number'
    ? { code: error.code, message: error.message }
    : undefined

const asFtpError = (error: unknown, place: string): unknown => {
  const reply = replyOf(error)
  if (reply === undefined) {
    const message = error instanceof Error ? error.message : ''
    return /^Timeout|closed connection|Server sent FIN|^Client is closed/.test(message) ? new Passing(message) : error
  }
  if (reply.code === 530) return new RalphError('UNAUTHENTICATED', `${place}: ${reply.message}`, {}, { cause: error })
  if (reply.code === 550) return new RalphError('NOT_FOUND', `${place}: ${reply.message}`, {}, { cause: error })
  if (reply.code < 500) return new Passing(reply.message)
  return new RalphError('INVALID_QUERY', `${place}: ${reply.message}`, {}, { cause: error })
}

/** Fetches a file, continuing after a broken connection. FTP has no version of a file, so size and time are used together. */
export const fetchFtp = async (url: URL, part: PartialFile, { timeout, signal }: FtpOptions): Promise<void> => {
  const { Client } = await import('basic-ftp')
  const place = withoutCredentials(url.href)
  const path = decodeURIComponent(url.pathname.slice(1))
  const attempt = async (): Promise<void> => {
    const client = new Client(timeout)
    const stop = (): void => client.close()
    signal?.addEventListener('abort', stop, { once: true })
    let refused: unknown
    try {
      await client.access({
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port === '' ? 21 : Number(url.port),
        ...(url.username === ''
          ? {}
          : { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }),
        secure: url.protocol === 'ftps:'
      })
      const total = await client.size(path)
      const changed = await client.lastMod(path).then(
        (date) => date.toISOString(),
        () => undefined
      )
      const validator = changed === undefined ? undefined : `${total} ${changed}`
      const goOn = validator !== undefined && validator === part.validator && part.size <= total
      await part.begin({ goOn, validator, total })
      const sink = new Writable({
        write: (chunk: Uint8Array, _encoding, done) => {
          part.append(chunk).then(
            () => done(),
            (error) => {
              refused = error
              done(error)
            }
          )
        }
      })
      if (part.size < total) await client.downloadTo(sink, path, part.size)
      if (part.size < total) throw new Passing(`the connection ended after ${part.size} of ${total} bytes`)
    } catch (error) {
      throw refused ?? asFtpError(error, place)
    } finally {
      signal?.removeEventListener('abort', stop)
      client.close()
    }
  }
  await untilDone(place, attempt, { progress: () => (part.validator === undefined ? 0 : part.size), signal })
}
