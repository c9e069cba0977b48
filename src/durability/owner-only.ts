import { chmodSync, type Stats, statSync } from 'node:fs'
import { messageOf } from '../errors.ts'

const others = 0o007
const groupAndOthers = 0o077

/** Undefined: the file does not exist or cannot be reached. Opening it gives the error. */
const lookAt = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** If only a group may read it, the owner wanted that. If everybody may read it, an earlier version left it so. */
const isLeftOpen = (found: Stats): boolean => found.uid === process.getuid?.() && (found.mode & others) !== 0

/**
 * Makes files and directories of an earlier version, which everybody on the machine could read, accessible to their owner only. Files of
 * other users, and missing files, are left alone. Windows has no such modes. Returns sentences for the operator: what was changed, and what
 * could not be changed. Undefined: nothing.
 */
export const tighten = (paths: readonly string[]): string | undefined => {
  if (process.platform === 'win32') return undefined
  const tightened: string[] = []
  const said: string[] = []
  for (const path of paths) {
    const found = lookAt(path)
    if (found === undefined || !isLeftOpen(found)) continue
    try {
      chmodSync(path, found.mode & 0o7777 & ~groupAndOthers)
      tightened.push(path)
    } catch (error) {
      // For example on a read-only file system. The store may still be read.
      said.push(`Everybody on this machine can read ${path}, which cannot be changed: ${messageOf(error)}`)
    }
  }
  if (tightened.length > 0) {
    said.unshift(`Everybody on this machine could read ${tightened.join(', ')}: made readable for its owner alone`)
  }
  return said.length === 0 ? undefined : said.join('; ')
}
