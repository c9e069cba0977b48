import { randomBytes } from 'node:crypto'
import { createReadStream, type Dirent } from 'node:fs'
import { cp, lstat, mkdir, open, readdir, readlink, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { syncDirectory } from '../durability/sync-directory.ts'
import { asWriteError, writeAll } from '../durability/write-whole.ts'
import { codeOf, RalphError } from '../errors.ts'

const isWithin = (path: string, root: string): boolean => path === root || path.startsWith(root + sep)

/** Throws `UNSAFE_LINK` if a link in a tree leads out of it, or to a missing target. */
export const requireNoLinksOut = async (root: string): Promise<void> => {
  const real = await realpath(root)
  const entries: readonly Dirent[] = await readdir(root, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    if (entry.isFile() || entry.isDirectory()) continue
    const path = join(entry.parentPath, entry.name)
    const shown = relative(root, path)
    if (!entry.isSymbolicLink())
      throw new RalphError('UNSAFE_LINK', `${shown} is neither a file nor a directory`, { entry: shown })
    const to = await realpath(path).catch(async () => resolve(await realpath(dirname(path)), await readlink(path)))
    if (!isWithin(to, real)) {
      throw new RalphError('UNSAFE_LINK', `${shown} is a link that leads out of the download`, { entry: shown })
    }
  }
}

/** A directory in a tree. Throws `NOT_FOUND` if there is none. */
export const directoryIn = async (root: string, subdirectory: string | undefined): Promise<string> => {
  if (subdirectory === undefined) return root
  const path = join(root, subdirectory)
  const real = await realpath(path).catch(() => undefined)
  const stats = real === undefined ? undefined : await lstat(real)
  if (real === undefined || stats?.isDirectory() !== true || !isWithin(real, await realpath(root))) {
    throw new RalphError('NOT_FOUND', `the download has no directory ${subdirectory}`, { subdirectory })
  }
  return path
}

export const copyTree = (from: string, to: string): Promise<void> =>
  cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })

/** Copies a file durably. */
export const copyFileDurably = async (from: string, to: string, signal: AbortSignal | undefined): Promise<void> => {
  const file = await open(to, 'wx', 0o600)
  try {
    for await (const chunk of createReadStream(from, { highWaterMark: 2 ** 18 })) {
      signal?.throwIfAborted()
      await writeAll(file, chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

const stagePrefix = '.ralph-download-'

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

/** Removes what crashed processes have left there. */
const clearLeft = async (directory: string): Promise<void> => {
  for (const name of await readdir(directory)) {
    const pid = new RegExp(`^\\${stagePrefix}(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(directory, name), { recursive: true, force: true })
  }
}

/** Moves entry by entry: other entries stay, and those with the same name are replaced. Existing links are not followed. */
const merge = async (from: string, to: string): Promise<void> => {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    const there = await lstat(target).catch(() => undefined)
    const isClash = there !== undefined && (entry.isDirectory() || there.isDirectory())
    if (isClash && !(entry.isDirectory() && there.isDirectory())) {
      throw new RalphError(
        'ALREADY_THERE',
        `${target} exists already, and is ${there.isDirectory() ? 'a' : 'not a'} directory`,
        {
          path: target
        }
      )
    }
    if (isClash) await merge(source, target)
    else await rename(source, target)
  }
  await syncDirectory(to)
}

/**
 * Fills a directory: `make` writes into another one beside it, and only complete results are moved. Other files in the directory
 * stay; files of the same names are replaced.
 */
export const fillDirectory = async (directory: string, make: (stage: string) => Promise<string>): Promise<void> => {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await clearLeft(directory)
    const stage = join(directory, `${stagePrefix}${process.pid}-${randomBytes(4).toString('hex')}`)
    try {
      await mkdir(stage, { mode: 0o700 })
      await merge(await make(stage), directory)
    } finally {
      await rm(stage, { recursive: true, force: true })
    }
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new RalphError(
        'ALREADY_THERE',
        `${directory} cannot be a directory: a file has this name`,
        { path: directory },
        { cause: error }
      )
    }
    throw asWriteError(error, directory)
  }
}
