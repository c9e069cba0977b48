import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { extract } from '../archives/extract.ts'
import { suffixOf } from '../archives/identify.ts'
import type { UnpackLimits } from '../archives/limits.ts'
import { packTree } from '../archives/pack-tree.ts'
import type { BytesBackend } from '../contracts/data-backend.ts'
import { RalphError } from '../errors.ts'
import type { Bandwidth } from './bandwidth.ts'
import { type CacheOptions, defaultDirectory, type Fetched, type Slot, withSlot } from './cache.ts'
import { fetchFtp } from './ftp.ts'
import type { AddressGuard } from './guard.ts'
import { fetchHttp } from './http.ts'
import { fill, fillFromFile, openPart, type PartialFile } from './part.ts'
import { fetchRepository } from './repository.ts'
import { objectOf, type S3Overrides } from './s3.ts'
import { type DownloadSource, type ExpectedChecksum, parseSource, safeName, withoutCredentials } from './source.ts'
import { copyFileDurably, copyTree, directoryIn, fillDirectory, requireNoLinksOut } from './trees.ts'

export interface DownloadOptions extends Omit<CacheOptions, 'signal'> {
  readonly unarchive: boolean
  /** Overrides the one in the URL. */
  readonly checksum?: ExpectedChecksum | undefined
  readonly maxSize: number
  readonly limits: UnpackLimits
  /** Prefix of the settings with the limits. */
  readonly variables: string
  readonly bandwidth: Bandwidth
  /** Milliseconds without a byte. */
  readonly timeout: number
  /** Required when fetching for others: then only http and https are fetched. */
  readonly guard?: AddressGuard | undefined
  /** The S3 backend, with its settings. */
  readonly openObjects: (overrides: S3Overrides) => Promise<BytesBackend>
  readonly signal?: AbortSignal | undefined
}

const fetchObject = async (source: DownloadSource, part: PartialFile, options: DownloadOptions): Promise<void> => {
  const { bucket, key, overrides } = objectOf(source)
  const backend = await options.openObjects(overrides)
  try {
    if (backend.read === undefined) throw new RalphError('INTERNAL', 'defect: s3 declares that it can read, but cannot')
    let total: number | undefined
    const chunks = backend.read(key, {
      target: bucket,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onTotal: ({ bytes }) => {
        total = bytes
      }
    })
    await fill(part, chunks)
    if (total !== undefined && part.size !== total) {
      throw new RalphError(
        'STORE_UNAVAILABLE',
        `${withoutCredentials(source.url.href)}: only ${part.size} of ${total} bytes arrived`
      )
    }
  } finally {
    await backend.close()
  }
}

/** Undefined: the file has the name in its URL. */
const fetchFile = async (
  source: DownloadSource,
  part: PartialFile,
  options: DownloadOptions
): Promise<string | undefined> => {
  const { url, getter } = source
  const { timeout, guard, signal } = options
  if (getter === 'http') return fetchHttp(url, part, { guard, timeout, signal })
  if (getter === 'ftp') await fetchFtp(url, part, { timeout, signal })
  else if (getter === 's3') await fetchObject(source, part, options)
  else await fillFromFile(part, fileURLToPath(url))
  return undefined
}

const isTree = async ({ getter, url }: DownloadSource): Promise<boolean> => {
  if (getter !== 'file') return getter === 'git' || getter === 'hg'
  const path = fileURLToPath(new URL(url.pathname, 'file://'))
  const there = await stat(path).catch(() => undefined)
  if (there === undefined) throw new RalphError('NOT_FOUND', `${path} is not there`, { path })
  return there.isDirectory()
}

const fetchTree = async (source: DownloadSource, slot: Slot, options: DownloadOptions): Promise<Fetched> => {
  const partial = `${slot.tree}.part`
  await rm(partial, { recursive: true, force: true })
  try {
    if (source.getter === 'file') await copyTree(fileURLToPath(source.url), partial)
    else await fetchRepository(source, partial, { timeout: options.timeout, signal: options.signal })
    await rename(partial, slot.tree)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return slot.keep('tree', source.name)
}

const fetchAnew = async (source: DownloadSource, slot: Slot, options: DownloadOptions): Promise<Fetched> => {
  await slot.discard()
  if (await isTree(source)) return fetchTree(source, slot, options)
  const { maxSize, bandwidth, now, signal } = options
  const part = await openPart(slot.file, {
    maxSize,
    maxSizeSetting: `${options.variables}MAX_SIZE`,
    bandwidth,
    signal,
    now
  })
  let named: string | undefined
  try {
    named = await fetchFile(source, part, options)
  } catch (error) {
    const mayGoOn = error instanceof RalphError && ['STORE_UNAVAILABLE', 'INTERRUPTED'].includes(error.code)
    await part.close(!mayGoOn)
    throw error
  }
  await part.finish()
  const isSaid = suffixOf(source.name) === undefined && named !== undefined && !source.url.searchParams.has('filename')
  return slot.keep('file', isSaid ? safeName(named ?? source.name) : source.name)
}

const hashOf = async (path: string, type: ExpectedChecksum['type']): Promise<string> => {
  const hash = createHash(type)
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 18 })) hash.update(chunk)
  return hash.digest('hex')
}

/** The cached or fetched file, with the expected checksum. A file with another one is not kept. */
const obtain = async (source: DownloadSource, slot: Slot, options: DownloadOptions): Promise<Fetched> => {
  const wanted = options.checksum ?? source.checksum
  const isRight = async ({ kind, path }: Fetched): Promise<string | undefined> => {
    if (wanted === undefined) return undefined
    if (kind === 'tree') throw new RalphError('INVALID_QUERY', 'a directory has no checksum')
    const found = await hashOf(path, wanted.type)
    return found === wanted.hex ? undefined : found
  }
  if (slot.fresh !== undefined && (await isRight(slot.fresh)) === undefined) return slot.fresh
  const fetched = await fetchAnew(source, slot, options)
  const found = await isRight(fetched)
  if (found === undefined || wanted === undefined) return fetched
  await slot.discard()
  throw new RalphError(
    'CHECKSUM_MISMATCH',
    `the ${wanted.type} of ${withoutCredentials(source.url.href)} is ${found}, not ${wanted.hex}`,
    { type: wanted.type, expected: wanted.hex, found }
  )
}

/** The name with which it is unpacked. Undefined: it is not unpacked. */
const archiveName = ({ archive }: DownloadSource, { kind, name }: Fetched, unarchive: boolean): string | undefined => {
  if (kind === 'tree' || archive === false || !unarchive) return undefined
  if (archive === undefined) return suffixOf(name) === undefined ? undefined : name
  const forced = `${name}.${archive.replace(/^\./, '')}`
  if (suffixOf(forced) === undefined)
    throw new RalphError('INVALID_QUERY', `\`archive\` is ${archive}, which is not a known format`)
  return forced
}

/** Puts it into the directory. Resolves with the path of the directory or file. */
const deliver = async (
  source: DownloadSource,
  fetched: Fetched,
  to: string | undefined,
  options: DownloadOptions
): Promise<string> => {
  const { limits, variables, signal, unarchive } = options
  const packed = archiveName(source, fetched, unarchive)
  const stem =
    (packed === undefined ? fetched.name : packed.slice(0, -(suffixOf(packed)?.suffix.length ?? 0))) || 'download'
  const directory = to === undefined ? defaultDirectory(source, options.directory, stem) : resolve(to)
  // Left by an earlier download: the directory must contain only this one.
  if (to === undefined) await rm(directory, { recursive: true, force: true })
  if (fetched.kind === 'file' && packed === undefined) {
    if (source.subdirectory !== undefined) {
      throw new RalphError(
        'INVALID_QUERY',
        `${fetched.name} is not an archive, so it has no directory ${source.subdirectory}`
      )
    }
    await fillDirectory(directory, async (stage) => {
      await copyFileDurably(fetched.path, join(stage, fetched.name), signal)
      return stage
    })
    return join(directory, fetched.name)
  }
  await fillDirectory(directory, async (stage) => {
    if (packed !== undefined) {
      await extract({ file: fetched.path, name: packed, into: stage, limits, variables, signal })
      return directoryIn(stage, source.subdirectory)
    }
    const from = await directoryIn(fetched.path, source.subdirectory)
    await requireNoLinksOut(from)
    await copyTree(from, stage)
    return stage
  })
  return directory
}

/** Parses a URL and checks that it may be fetched. Throws `INVALID_QUERY`, `FORBIDDEN`. */
export const judgedSource = (url: string, guard: AddressGuard | undefined): DownloadSource => {
  const source = parseSource(url)
  if (guard !== undefined) {
    if (source.getter !== 'http')
      throw new RalphError('FORBIDDEN', `${source.getter} is not fetched for other users, only http and https are`)
    guard.judge(source.url)
  }
  return source
}

const packedTree = ({ file }: Slot): string => `${file}.tar`

/** What was fetched as one file: a repository, or a directory, is packed as a tar archive. */
const asFile = async (
  source: DownloadSource,
  fetched: Fetched,
  slot: Slot,
  signal: AbortSignal | undefined
): Promise<Fetched> => {
  if (fetched.kind === 'file') {
    if (source.subdirectory === undefined) return fetched
    throw new RalphError(
      'INVALID_QUERY',
      `${withoutCredentials(source.url.href)}: only of a repository a directory can be taken`
    )
  }
  const root = await directoryIn(fetched.path, source.subdirectory)
  await requireNoLinksOut(root)
  const path = packedTree(slot)
  await packTree(root, path, signal)
  return { kind: 'file', path, name: `${fetched.name}.tar` }
}

/**
 * Fetches a file into the directory of the options, and calls `use` with it. A repository or a directory becomes a tar archive. A
 * download that an earlier process began there is continued. The caller removes the directory. Errors: those of `download`.
 */
export const withDownloaded = async <Result>(
  url: string,
  options: DownloadOptions,
  use: (file: Fetched) => Promise<Result>
): Promise<Result> => {
  const source = judgedSource(url, options.guard)
  return withSlot(source, { ...options, enabled: true, signal: options.signal }, async (slot) => {
    return use(await asFile(source, await obtain(source, slot, options), slot, options.signal))
  })
}

/**
 * Downloads what a URL names, in the syntax of go-getter, into a directory. Gives the directory with what was unpacked or
 * cloned, or the path of a file that is no archive. `INVALID_QUERY`, `NOT_FOUND`, `UNAUTHENTICATED`, `FORBIDDEN`,
 * `STORE_UNAVAILABLE`, `STORE_FULL`, `CHECKSUM_MISMATCH`, `ALREADY_THERE`, and what `extract` rejects with.
 * @param alsoUse works on it as it came, as `withDownloaded` has it, when it is in the directory
 */
export const download = async (
  url: string,
  directory: string | undefined,
  options: DownloadOptions,
  alsoUse?: (file: Fetched) => Promise<void>
): Promise<string> => {
  const source = judgedSource(url, options.guard)
  // A local file is copied as fast as it would be found in a cache, and may have changed.
  const enabled = options.enabled && source.getter !== 'file'
  return withSlot(source, { ...options, enabled, signal: options.signal }, async (slot) => {
    const fetched = await obtain(source, slot, options)
    const path = await deliver(source, fetched, directory, options)
    if (alsoUse !== undefined) {
      await alsoUse(await asFile(source, fetched, slot, options.signal))
      await rm(packedTree(slot), { force: true })
    }
    return path
  })
}
