import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { lstat, mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { lockStore, type ProcessLock } from '../durability/process-lock.ts'
import { asWriteError, writeWhole } from '../durability/write-whole.ts'
import { codeOf, RalphError } from '../errors.ts'
import { type DownloadSource, withoutCredentials } from './source.ts'

/** The fetched file or tree, unchanged. */
export interface Fetched {
  readonly kind: 'file' | 'tree'
  /** The file, or the directory of the tree. */
  readonly path: string
  readonly name: string
}

export interface CacheOptions {
  /** `<TempDir>/downloads` */
  readonly directory: string
  /** Milliseconds for which it is not fetched again. */
  readonly expiration: number
  /** Milliseconds between two sweeps. */
  readonly purge: number
  /** False: existing entries are ignored, and nothing is left there. */
  readonly enabled: boolean
  readonly now: () => number
  readonly signal: AbortSignal | undefined
}

interface Entry {
  readonly kind: Fetched['kind']
  readonly name: string
  /** In milliseconds. */
  readonly fetched: number
  readonly expires: number
  /** The size of a file. */
  readonly size: number | undefined
}

/** What a process needs to work alone on one entry. */
export interface Slot {
  /** The entry, if it may still be used. */
  readonly fresh: Fetched | undefined
  readonly file: string
  readonly tree: string
  /** The download is complete. */
  keep(kind: Fetched['kind'], name: string): Promise<Fetched>
  /** The entry is wrong. */
  discard(): Promise<void>
}

const day = 86_400_000

const keyOf = ({ getter, url, ref = '' }: DownloadSource): string =>
  createHash('sha256').update(`${getter}\0${url.href}\0${ref}`).digest('hex').slice(0, 32)

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  (value.kind === 'file' || value.kind === 'tree') &&
  'name' in value &&
  typeof value.name === 'string' &&
  'fetched' in value &&
  typeof value.fetched === 'number' &&
  'expires' in value &&
  typeof value.expires === 'number'

const readEntry = (place: string): Entry | undefined => {
  try {
    const read: unknown = JSON.parse(readFileSync(join(place, 'entry.json'), 'utf8'))
    return isEntry(read) ? read : undefined
  } catch {
    // There is none, or its process died before it was written: it is fetched again.
    return undefined
  }
}

/** Undefined: another process has it. */
const tryLock = (path: string): ProcessLock | undefined => {
  try {
    return lockStore(path)
  } catch (error) {
    if (error instanceof RalphError && error.code === 'STORE_IN_USE') return undefined
    throw error
  }
}

const lock = async (path: string, signal: AbortSignal | undefined): Promise<ProcessLock> => {
  for (;;) {
    const held = tryLock(path)
    if (held !== undefined) return held
    await wait(50, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw error
    })
  }
}

/** The name of this directory can be guessed, so it must belong to this user. */
const prepare = async (directory: string): Promise<void> => {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw asWriteError(error, directory)
  }
  const { uid } = await lstat(directory)
  const own = process.getuid?.()
  if (own !== undefined && uid !== own) {
    throw new RalphError('INVALID_SETTING', `${directory} belongs to another user: set RALPH_TEMP_DIR`, {
      path: directory
    })
  }
}

/** Removes expired entries, and what dead processes left. Entries in use are skipped. */
const sweep = async (places: string, now: number): Promise<void> => {
  for (const name of await readdir(places)) {
    const place = join(places, name)
    if (name.endsWith('.lock')) {
      // It belongs to no process any more.
      const age = now - (await stat(place).catch(() => ({ mtimeMs: now }))).mtimeMs
      if (age > day && (await stat(place.slice(0, -5)).catch(() => undefined)) === undefined)
        await rm(place, { force: true })
      continue
    }
    const held = tryLock(place)
    if (held === undefined) continue
    try {
      const entry = readEntry(place)
      const touched = (await stat(place).catch(() => ({ mtimeMs: now }))).mtimeMs
      if (entry === undefined ? now - touched > day : entry.expires <= now)
        await rm(place, { recursive: true, force: true })
    } finally {
      held.release()
    }
  }
}

const sweepWhenDue = async (places: string, { purge, now }: CacheOptions): Promise<void> => {
  const mark = join(places, '..', 'swept')
  const last = await stat(mark).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (last === undefined) {
    await writeFile(mark, '', { flag: 'a', mode: 0o600 })
    return
  }
  if (now() - last.mtimeMs < purge) return
  await utimes(mark, now() / 1000, now() / 1000)
  await sweep(places, now())
}

const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size

const slotAt = (place: string, { expiration, enabled, now }: CacheOptions): Slot => {
  const file = join(place, 'content')
  const tree = join(place, 'tree')
  const asFetched = ({ kind, name }: Pick<Entry, 'kind' | 'name'>): Fetched => ({
    kind,
    name,
    path: kind === 'file' ? file : tree
  })
  const entry = enabled ? readEntry(place) : undefined
  // The reader decides how old it may be. A clock that was set back makes nothing fresh.
  const isFresh = entry !== undefined && entry.fetched <= now() && now() - entry.fetched < expiration
  const isWhole =
    entry !== undefined && (entry.kind === 'tree' ? sizeOf(tree) !== undefined : sizeOf(file) === entry.size)
  return {
    fresh: isFresh && isWhole ? asFetched(entry) : undefined,
    file,
    tree,
    keep: async (kind, name) => {
      const fetched = now()
      const made: Entry = {
        kind,
        name,
        fetched,
        expires: fetched + expiration,
        size: kind === 'file' ? sizeOf(file) : undefined
      }
      await writeWhole(join(place, 'entry.json'), [Buffer.from(JSON.stringify(made))])
      return asFetched(made)
    },
    discard: async () => {
      for (const each of ['entry.json', 'content', 'tree'])
        await rm(join(place, each), { recursive: true, force: true })
    }
  }
}

/**
 * Works on the cache entry of one URL, alone. Another caller for the same URL waits and then finds the entry. A process that dies
 * releases it.
 */
export const withSlot = async <Result>(
  source: DownloadSource,
  options: CacheOptions,
  work: (slot: Slot) => Promise<Result>
): Promise<Result> => {
  await prepare(options.directory)
  const places = join(options.directory, 'cache')
  await mkdir(places, { recursive: true, mode: 0o700 })
  await sweepWhenDue(places, options)
  const place = join(places, options.enabled ? keyOf(source) : `${keyOf(source)}-${randomBytes(6).toString('hex')}`)
  const held = await lock(place, options.signal)
  try {
    await mkdir(place, { recursive: true, mode: 0o700 })
    return await work(slotAt(place, options))
  } catch (error) {
    // Only what can be continued or used stays.
    if ((await readdir(place).catch(() => ['?'])).length === 0) await rm(place, { recursive: true, force: true })
    if (codeOf(error) === 'ENOENT') {
      throw new RalphError(
        'STORE_UNAVAILABLE',
        `${withoutCredentials(source.url.href)}: ${place} was removed meanwhile`,
        {},
        { cause: error }
      )
    }
    throw error
  } finally {
    if (!options.enabled) {
      await rm(place, { recursive: true, force: true })
      await rm(`${place}.lock`, { force: true })
    }
    held.release()
  }
}

/** The default directory of a download, named after the URL. */
export const defaultDirectory = (source: DownloadSource, directory: string, stem: string): string =>
  join(directory, `${stem}-${keyOf(source).slice(0, 8)}`)
