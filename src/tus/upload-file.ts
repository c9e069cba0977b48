import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import type { Log } from '../contracts/log.ts'
import { RalphError } from '../errors.ts'
import { backOff, isLasting, isNobodyThere, pause, type RetryPlan } from '../network/retry.ts'
import { type LocalFile, openLocalFile } from './local-file.ts'
import { keyOf, type UploadNotes } from './notes.ts'
import { type AskServer, failureOf, refusal, type ServerRequest, type TusAnswer } from './requests.ts'

export interface UploadFileOptions {
  /** As `https://lrs.example.org/api/upload`. */
  readonly endpoint: URL
  /** Whose uploads they are. */
  readonly username: string
  readonly ask: AskServer
  readonly notes: UploadNotes
  /** Of the upload, besides the name of the file and its sha256. */
  readonly metadata: Readonly<Record<string, string>>
  readonly chunkSize: number
  /** The count begins anew when bytes have arrived. */
  readonly plan: RetryPlan
  readonly log: Log
  readonly signal: AbortSignal
  readonly onSize: (size: number) => void
  /** How many bytes are there, of all. */
  readonly onArrived: (offset: number) => void
}

export interface Uploaded {
  /** Where it is, or was. */
  readonly url: URL
  /** The import that it has become; undefined: none. */
  readonly importId: string | undefined
  readonly size: number
  readonly sha256: string
  /** To be called when nobody will ask for it again: until then the same file is not sent again. */
  forget(): Promise<void>
}

/** What the server can do. */
interface Abilities {
  readonly checksum: boolean
  readonly maxSize: number
}

/** Statuses after which the upload is asked how far it is, and gone on with. */
const passing: ReadonlySet<number> = new Set([408, 409, 423, 425, 429, 460, 500, 502, 503, 504])

const gone: ReadonlySet<number> = new Set([404, 410])

const statusOf = (error: unknown): number | undefined => {
  const status = error instanceof RalphError ? error.details.status : undefined
  return typeof status === 'number' ? status : undefined
}

const encoded = (metadata: Readonly<Record<string, string>>): string =>
  Object.entries(metadata)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',')

const offsetIn = ({ headers }: TusAnswer, url: URL, size: number): number => {
  const text = headers.get('upload-offset') ?? ''
  const offset = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (offset <= size) return offset
  throw new RalphError('UPLOAD_CONFLICT', `${url.href} says that ${text || 'no'} bytes are there, of ${size}`)
}

/** A longer Retry-After is obeyed so far only: whoever waits wants to see that something happens. */
const longestWait = 120_000

class Sending {
  readonly #file: LocalFile
  readonly #options: UploadFileOptions
  readonly #create: () => Promise<URL>
  readonly #abilities: Abilities
  url: URL | undefined
  importId: string | undefined
  /** Bytes that have arrived as far as anybody knows. */
  offset = 0

  constructor(
    file: LocalFile,
    options: UploadFileOptions,
    about: { readonly create: () => Promise<URL>; readonly abilities: Abilities; readonly url: URL | undefined }
  ) {
    this.#file = file
    this.#options = options
    this.#create = about.create
    this.#abilities = about.abilities
    this.url = about.url
  }

  #arrived(url: URL, answer: TusAnswer): void {
    this.offset = offsetIn(answer, url, this.#file.size)
    this.importId = answer.headers.get('ralph-import') ?? undefined
    this.#options.onArrived(this.offset)
  }

  async #sendPiece(url: URL): Promise<void> {
    const { chunkSize, ask } = this.#options
    const body = await this.#file.read(this.offset, Math.min(chunkSize, this.#file.size - this.offset))
    const answer = await ask({
      method: 'PATCH',
      url,
      headers: {
        'upload-offset': String(this.offset),
        'content-type': 'application/offset+octet-stream',
        ...(this.#abilities.checksum
          ? { 'upload-checksum': `sha256 ${createHash('sha256').update(body).digest('base64')}` }
          : {})
      },
      body
    })
    if (answer.status !== 204) throw refusal(answer, url)
    this.#arrived(url, answer)
  }

  /** From wherever it is to its end. */
  async goOn(progress: () => void): Promise<void> {
    if (this.url === undefined) this.url = await this.#create()
    const { url } = this
    const answer = await this.#options.ask({ method: 'HEAD', url })
    if (answer.status !== 200 && answer.status !== 204) throw refusal(answer, url)
    this.#arrived(url, answer)
    while (this.offset < this.#file.size) {
      await this.#sendPiece(url)
      progress()
    }
  }
}

const isSilence = (error: unknown): boolean => error instanceof RalphError && error.details.setting === 'TIMEOUT'

/** Whether the same may go better a little later. */
const mayPass = (error: unknown): boolean => {
  const status = statusOf(error)
  if (status !== undefined) return passing.has(status)
  return isSilence(error) || !(error instanceof RalphError || isLasting(error))
}

/** Again and again, until it is done or nothing has arrived for as many attempts as there are. */
const persist = async (sending: Sending, options: UploadFileOptions, begin: () => Promise<void>): Promise<void> => {
  const { plan, log, signal, endpoint } = options
  let failures = 0
  for (;;) {
    try {
      await sending.goOn(() => {
        failures = 0
      })
      return
    } catch (error) {
      signal.throwIfAborted()
      failures += 1
      const isGone = sending.url !== undefined && gone.has(statusOf(error) ?? 0)
      if (failures >= plan.attempts || !(isGone || mayPass(error))) throw failureOf(error, endpoint)
      if (isGone) {
        log.warn('the server no longer has this upload: it is begun anew')
        await begin()
        continue
      }
      const asked = error instanceof RalphError ? (error.details.retryAfter ?? 0) * 1000 : 0
      const wait = Math.max(backOff(failures, plan), Math.min(asked, longestWait))
      log.warn(`${failureOf(error, endpoint).message}; trying again in ${(wait / 1000).toFixed(1)} s`)
      await pause(wait, signal)
    }
  }
}

/** Asked once: who does not answer at all has most likely another address. */
const abilitiesOf = async ({ ask, endpoint, plan, signal, log }: UploadFileOptions): Promise<Abilities> => {
  const request: ServerRequest = { method: 'OPTIONS', url: endpoint }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { status, headers } = await ask(request)
      if (headers.get('tus-version') !== null) {
        const maxSize = headers.get('tus-max-size')
        return {
          checksum:
            /\bchecksum\b/.test(headers.get('tus-extension') ?? '') &&
            /\bsha256\b/.test(headers.get('tus-checksum-algorithm') ?? ''),
          maxSize: maxSize === null ? Number.POSITIVE_INFINITY : Number(maxSize)
        }
      }
      if (status < 500) {
        throw new RalphError(
          'NOT_FOUND',
          `${endpoint.href} takes no uploads (it answered ${status}): is the URL right, and has the server RALPH_IMPORTS_ENABLED=true?`
        )
      }
      if (attempt >= plan.attempts) throw new RalphError('STORE_UNAVAILABLE', `${endpoint.href} answered ${status}`)
    } catch (error) {
      signal.throwIfAborted()
      const isFinal = error instanceof RalphError || isLasting(error) || isNobodyThere(error)
      if (isFinal || attempt >= plan.attempts) throw failureOf(error, endpoint)
      log.warn(failureOf(error, endpoint).message)
    }
    await pause(backOff(attempt, plan), signal)
  }
}

/**
 * Sends a file by the protocol tus 1.0. What an earlier process has begun is gone on with; whatever breaks is tried again.
 * `INVALID_INPUT` (the file), `UNAUTHENTICATED`, `FORBIDDEN`, `ARCHIVE_TOO_LARGE`, `CHECKSUM_MISMATCH`, `STORE_FULL`,
 * `STORE_UNAVAILABLE`, `NOT_FOUND` (the server takes no uploads), and whatever else the server refuses it with.
 */
export const uploadFile = async (path: string, options: UploadFileOptions): Promise<Uploaded> => {
  const { endpoint, username, ask, notes, signal, log } = options
  const file = await openLocalFile(path)
  try {
    options.onSize(file.size)
    const abilities = await abilitiesOf(options)
    if (file.size > abilities.maxSize) {
      throw new RalphError(
        'ARCHIVE_TOO_LARGE',
        `${path} has ${file.size} bytes, and ${endpoint.origin} takes at most ${abilities.maxSize} (RALPH_IMPORTS_MAX_SIZE of the server)`
      )
    }
    const sha256 = await file.sha256(signal)
    const metadata = { filename: basename(path), sha256, ...options.metadata }
    const key = keyOf([endpoint.href, username, metadata, file.size])
    const create = async (): Promise<URL> => {
      const answer = await ask({
        method: 'POST',
        url: endpoint,
        headers: { 'upload-length': String(file.size), 'upload-metadata': encoded(metadata) }
      })
      const location = answer.headers.get('location')
      if (answer.status !== 201 || location === null) throw refusal(answer, endpoint)
      const made = new URL(location, endpoint)
      if (made.origin !== endpoint.origin) {
        throw new RalphError(
          'FORBIDDEN',
          `the upload is at ${made.origin}, to which the credentials for ${endpoint.origin} are not sent; if that is the same server, send to that URL, or set its RALPH_RUNSERVER_PUBLIC_URL`
        )
      }
      await notes.note(key, made, resolve(path))
      return made
    }
    const before = await notes.find(key)
    const sending = new Sending(file, options, { create, abilities, url: before })
    if (before !== undefined) log.info(`${path}: an earlier upload is gone on with (${before.href})`)
    await persist(sending, options, async () => {
      await notes.forget(key)
      sending.url = undefined
    })
    const { url, importId } = sending
    if (url === undefined) throw new RalphError('INTERNAL', 'an upload ended that has not begun')
    return { url, importId, size: file.size, sha256, forget: () => notes.forget(key) }
  } finally {
    await file.close()
  }
}
