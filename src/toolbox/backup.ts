import { existsSync, readdirSync } from 'node:fs'
import { chmod, copyFile, mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Clock } from '../contracts/clock.ts'
import type { Log } from '../contracts/log.ts'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import type { StoreFiles } from '../contracts/store-files.ts'
import { syncDirectory } from '../durability/sync-directory.ts'
import { RalphError } from '../errors.ts'
import {
  type Contents,
  describeFiles,
  type Manifest,
  manifestName,
  readManifest,
  verifyFiles
} from './backup-manifest.ts'

/** Where in a backup the files of the stores are, laid out as the backend keeps them. */
const storeDirectory = 'store'
const authFileName = 'auth.json'

interface Work {
  readonly files: StoreFiles
  /** Counts and digests of all that a store has. */
  readonly contentsOf: (store: LrsStore, signal: AbortSignal) => Promise<Contents>
  readonly log: Log
  readonly signal: AbortSignal
  readonly clock: Clock
}

export interface SaveOptions extends Work {
  readonly backend: string
  /** Of Ralph. */
  readonly version: string
  /** Where to; there must be nothing yet. */
  readonly destination: string
  /** Users, saved too; undefined: there are none. */
  readonly authFile: string | undefined
}

const timeOf = ({ clock }: Work): Date => new Date(clock() / 1000)

const nameOf = (target: string | undefined | null): string => target ?? 'default target'

/** Opens the stores in a directory as a server would, and reads all that they have. */
const readBack = async (
  { files, contentsOf, signal }: Work,
  directory: string,
  targets: readonly (string | undefined)[]
): Promise<Manifest['targets']> => {
  const backend = await files.open(directory)
  try {
    const found: Manifest['targets'][number][] = []
    for (const target of targets) {
      found.push({ target: target ?? null, contents: await contentsOf(await backend.store(target), signal) })
    }
    return found
  } finally {
    await backend.close()
  }
}

/** Takes away what opening a store has made beside it, its lock. */
const keepOnly = async (directory: string, names: readonly string[]): Promise<void> => {
  const kept = new Set(names)
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && !kept.has(relative(directory, path))) await rm(path)
  }
}

const syncFile = async (path: string): Promise<void> => {
  const file = await open(path, 'r')
  await file.sync().finally(() => file.close())
}

/** At most one line a second. */
const progressOf = (log: Log, name: string) => {
  let said = performance.now()
  return (done: number, total: number): void => {
    if (performance.now() - said < 1000) return
    said = performance.now()
    log.info(`${name}: ${Math.floor((100 * done) / Math.max(total, 1))} % of ${(total / 1e6).toFixed(1)} MB`)
  }
}

/**
 * Copies all targets of a backend, and its users, into a directory that appears under its name only when it is whole,
 * durable and has been read back. Servers may write meanwhile; each target is as it was at one moment.
 * `ALREADY_THERE`, `NOT_FOUND` when there is nothing to back up.
 */
export const saveBackup = async (options: SaveOptions): Promise<Manifest> => {
  const { files, backend, version, destination, authFile, log, signal } = options
  if (existsSync(destination))
    throw new RalphError('ALREADY_THERE', `${destination} exists already: name a new directory`)
  const targets = await files.targets()
  if (targets.length === 0) {
    throw new RalphError(
      'NOT_FOUND',
      `${files.directory} has no store of the backend ${backend}: nothing was backed up`
    )
  }
  const partial = `${destination}.partial`
  // What an earlier call has left that was killed.
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true, mode: 0o700 })
  try {
    const store = join(partial, storeDirectory)
    const taken = timeOf(options).toISOString()
    for (const target of targets) {
      await files.copy(target, store, { signal, onProgress: progressOf(log, `copied of ${nameOf(target)}`) })
    }
    log.info('All is copied; now it is read back')
    const contents = await readBack(options, store, targets)
    await keepOnly(store, targets.flatMap(files.names))
    if (authFile !== undefined) {
      await copyFile(authFile, join(partial, authFileName))
      await chmod(join(partial, authFileName), 0o600)
    }
    const manifest: Manifest = {
      format: 1,
      ralph: version,
      backend,
      taken,
      targets: contents,
      files: await describeFiles(partial)
    }
    await writeFile(join(partial, manifestName), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true })
    const paths = manifest.files.map(({ name }) => join(partial, name))
    for (const path of paths) await syncFile(path)
    for (const directory of new Set([...paths.map(dirname), partial])) await syncDirectory(directory)
    await rename(partial, destination)
    await syncDirectory(dirname(destination))
    return manifest
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  }
}

/** Whether a backup is whole and readable: its files are what they were, and its stores have what they had. */
export const checkBackup = async (work: Work, source: string): Promise<Manifest> => {
  const manifest = await readManifest(source)
  await verifyFiles(source, manifest, work.signal)
  // Opening a store writes to it: a copy is opened, so that the backup stays as it is.
  const trial = join(work.files.directory, `.ralph-restore-${process.pid}`)
  try {
    await stage(work, source, manifest, trial)
    return manifest
  } finally {
    await rm(trial, { recursive: true, force: true })
  }
}

const targetOf = (target: string | null): string | undefined => target ?? undefined

/** Copies the stores of a backup and reads them back. `INVALID_INPUT` when they have something else than was saved. */
const stage = async (work: Work, source: string, manifest: Manifest, into: string): Promise<void> => {
  const prefix = `${storeDirectory}/`
  await mkdir(into, { recursive: true, mode: 0o700 })
  for (const { name } of manifest.files) {
    work.signal.throwIfAborted()
    if (!name.startsWith(prefix)) continue
    const path = join(into, name.slice(prefix.length))
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await copyFile(join(source, name), path)
    await chmod(path, 0o600)
  }
  const targets = manifest.targets.map(({ target }) => targetOf(target))
  const found = await readBack(work, into, targets)
  for (const [index, { target, contents }] of manifest.targets.entries()) {
    if (JSON.stringify(found[index]?.contents) === JSON.stringify(contents)) continue
    const now = JSON.stringify(found[index]?.contents)
    throw new RalphError(
      'INVALID_INPUT',
      `${source}: the ${nameOf(target)} has ${now} and not what was saved, ${JSON.stringify(contents)}`
    )
  }
  for (const { name } of manifest.files)
    if (name.startsWith(prefix)) await syncFile(join(into, name.slice(prefix.length)))
}

export interface RestoreOptions extends Work {
  readonly backend: string
  readonly source: string
  /** Stores that are there are moved aside; otherwise they are a reason to refuse. */
  readonly replace: boolean
  /** Where the users go, unless there are some already. */
  readonly authFile: string
}

export interface Restored {
  readonly manifest: Manifest
  /** Where the replaced files are now; undefined: none were there. */
  readonly aside: string | undefined
  /** Whether the users of the backup were taken. */
  readonly users: boolean
}

const moveIfThere = async (from: string, to: string): Promise<void> => {
  if (!existsSync(from)) return
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  await rename(from, to)
}

/**
 * Puts the stores of a backup in place, after they were verified and while no server has them open. Nothing changes
 * before all of it is on the disk beside its place. `ALREADY_THERE` when there are stores and `replace` is false,
 * `STORE_IN_USE` when a server runs, `INVALID_INPUT` when the backup is damaged.
 */
export const restoreBackup = async (options: RestoreOptions): Promise<Restored> => {
  const { files, backend, source, replace, authFile, log } = options
  const manifest = await readManifest(source)
  if (manifest.backend !== backend) {
    throw new RalphError(
      'INVALID_INPUT',
      `${source} is a backup of ${manifest.backend}: restore it with --backend ${manifest.backend}`
    )
  }
  const targets = manifest.targets.map(({ target }) => targetOf(target))
  const names = targets.flatMap(files.names)
  const present = names.filter((name) => existsSync(join(files.directory, name)))
  if (present.length > 0 && !replace) {
    throw new RalphError(
      'ALREADY_THERE',
      `${join(files.directory, present[0] ?? '')} is there already: --replace moves what is there aside`
    )
  }
  log.info(`Verifying the backup of ${manifest.taken}`)
  await verifyFiles(source, manifest, options.signal)
  await mkdir(files.directory, { recursive: true, mode: 0o700 })
  const staged = join(files.directory, `.ralph-restore-${process.pid}`)
  const locks: { release(): void }[] = []
  try {
    for (const target of targets) locks.push(files.lock(target))
    await stage(options, source, manifest, staged)
    options.signal.throwIfAborted()
    const aside = present.length === 0 ? undefined : join(files.directory, `replaced-${timeOf(options).getTime()}`)
    if (aside !== undefined) for (const name of names) await moveIfThere(join(files.directory, name), join(aside, name))
    for (const name of names) await moveIfThere(join(staged, name), join(files.directory, name))
    for (const directory of new Set(names.map((name) => dirname(join(files.directory, name))))) {
      await syncDirectory(directory)
    }
    return { manifest, aside, users: await restoreUsers(source, authFile) }
  } finally {
    for (const lock of locks) lock.release()
    await rm(staged, { recursive: true, force: true })
  }
}

const restoreUsers = async (source: string, authFile: string): Promise<boolean> => {
  const saved = join(source, authFileName)
  if (!existsSync(saved) || existsSync(authFile)) return false
  await mkdir(dirname(authFile), { recursive: true, mode: 0o700 })
  await copyFile(saved, authFile)
  await chmod(authFile, 0o600)
  await syncFile(authFile)
  return true
}
