import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../contracts/clock.ts'
import type { Log } from '../contracts/log.ts'
import type { PartStatus } from '../contracts/part.ts'
import type { RejectedRequest, RejectedRequests } from '../contracts/rejected-requests.ts'
import { messageOf, RalphError } from '../errors.ts'

/** `NAME.json` says who sent what and why it was rejected. `NAME.body` has the exact bytes that were sent. */
const suffixes = { reason: '.json', body: '.body' } as const

export interface KeepOptions {
  readonly directory: string
  /** The most bytes of all requests. The oldest are removed. */
  readonly maxSize: number
  readonly clock: Clock
  readonly log: Log
}

/** The content of the file beside a body. */
export interface KeptRequest extends Omit<RejectedRequest, 'body'> {
  readonly id: string
  /** RFC 3339 */
  readonly time: string
  readonly bytes: number
}

/** Keeps rejected requests, and reports its health. */
export interface KeptRequests extends RejectedRequests {
  /** `degraded` while a request cannot be kept. */
  health(): PartStatus
}

/** The most bytes that may wait for the disk: bodies and their reasons. */
const maxWaiting = 64 * 2 ** 20

const idsIn = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory))
    .filter((name) => name.endsWith(suffixes.reason))
    .map((name) => name.slice(0, -suffixes.reason.length))
    .sort()

/** Writes two files for each request. The one with the reason is written last: if it exists, the body is complete. */
export const keepRejectedRequests = async (options: KeepOptions): Promise<KeptRequests> => {
  const { directory, maxSize, clock, log } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const sizes = new Map<string, number>()
  for (const id of await idsIn(directory)) {
    const found = Object.values(suffixes).map((suffix) =>
      stat(join(directory, `${id}${suffix}`)).catch(() => undefined)
    )
    sizes.set(
      id,
      (await Promise.all(found)).reduce((sum, each) => sum + (each?.size ?? 0), 0)
    )
  }
  let total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  let count = 0
  let waiting = 0
  let dropped = 0
  let last: Promise<void> = Promise.resolve()

  const makeRoom = async (): Promise<void> => {
    for (const [id, size] of sizes) {
      if (total <= maxSize || sizes.size === 1) return
      for (const suffix of Object.values(suffixes)) await rm(join(directory, `${id}${suffix}`), { force: true })
      sizes.delete(id)
      total -= size
    }
  }

  const write = async (id: string, reason: Uint8Array, body: Uint8Array): Promise<void> => {
    const path = join(directory, id)
    await writeFile(`${path}${suffixes.body}`, body, { mode: 0o600 })
    await writeFile(`${path}.new`, reason, { mode: 0o600 })
    await rename(`${path}.new`, `${path}${suffixes.reason}`)
    sizes.set(id, body.length + reason.length)
    total += body.length + reason.length
    await makeRoom()
  }

  const sayDropped = (why: string): void => {
    if (dropped === 0) log.error(`A rejected request could not be kept in ${directory}: ${why}`)
    dropped += 1
  }

  return {
    add: (rejected) => {
      const { body, ...about } = rejected
      if (waiting + body.length > maxWaiting) return sayDropped('too many wait for the disk')
      count += 1
      const time = new Date(clock() / 1000).toISOString()
      const id = `${time.replace(/[-:.]/g, '')}-${process.pid}-${count}`
      const kept: KeptRequest = { id, time, ...about, bytes: body.length }
      // Made text at once, because the problems of a request are many small objects.
      const reason = Buffer.from(`${JSON.stringify(kept)}\n`)
      const size = body.length + reason.length
      if (waiting + size > maxWaiting) return sayDropped('too many wait for the disk')
      waiting += size
      last = last
        .then(() => write(id, reason, body))
        .then(
          () => {
            if (dropped > 0) log.warn(`${dropped} rejected requests were not kept; now they are kept again`)
            dropped = 0
          },
          (error: unknown) => sayDropped(messageOf(error))
        )
        .finally(() => {
          waiting -= size
        })
    },
    health: () => {
      if (dropped === 0) return { state: 'ok' }
      return {
        state: 'degraded',
        detail: `rejected requests cannot be kept in ${directory}`,
        hint: 'rejected requests cannot be kept'
      }
    },
    close: () => last
  }
}

const isKept = (value: unknown): value is KeptRequest =>
  typeof value === 'object' &&
  value !== null &&
  ['id', 'time', 'username', 'error', 'message'].every(
    (key) => key in value && typeof Reflect.get(value, key) === 'string'
  )

/** The kept requests, oldest first. Files of other origin are skipped. */
export async function* listRejectedRequests(directory: string): AsyncGenerator<KeptRequest> {
  for (const id of await idsIn(directory)) {
    const text = await readFile(join(directory, `${id}${suffixes.reason}`), 'utf8').catch(() => undefined)
    let value: unknown
    try {
      value = JSON.parse(text ?? '')
    } catch {
      continue
    }
    if (isKept(value)) yield value
  }
}

const pathOf = (directory: string, id: string, suffix: string): string => {
  if (/^[A-Za-z0-9-]+$/.test(id)) return join(directory, `${id}${suffix}`)
  throw new RalphError('INVALID_INPUT', `${JSON.stringify(id)} is not the id of a rejected request`)
}

/** The bytes of the request. Rejects with `NOT_FOUND`. */
export const readRejectedBody = async (directory: string, id: string): Promise<Buffer> => {
  const path = pathOf(directory, id, suffixes.body)
  try {
    return await readFile(path)
  } catch (cause) {
    throw new RalphError('NOT_FOUND', `There is no rejected request ${id} in ${directory}`, { id }, { cause })
  }
}

/** Rejects with `NOT_FOUND`. */
export const removeRejected = async (directory: string, id: string): Promise<void> => {
  await readRejectedBody(directory, id)
  for (const suffix of Object.values(suffixes)) await rm(pathOf(directory, id, suffix), { force: true })
}
