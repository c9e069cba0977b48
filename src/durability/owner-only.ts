import { chmodSync, type Stats, statSync } from 'node:fs'
import { messageOf } from '../errors.ts'

const others = 0o007
const groupAndOthers = 0o077

/** Undefined: it is not there, or cannot be reached; whoever opens it is told why. */
const lookAt = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** What the owner lets a group read was meant so; what everybody may read was left so by an earlier version. */
const isLeftOpen = (found: Stats): boolean => found.uid === process.getuid?.() && (found.mode & others) !== 0

/**
 * Makes files and directories of an earlier version, which everybody on the machine could read, those of their owner
 * alone. What belongs to somebody else, or is not there, stays as it is; modes say nothing on Windows. Returns what was
 * changed, or could not be, as sentences for the operator; undefined: nothing.
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
      // On a file system that is read-only, for one: the store may still be read.
      said.push(`Everybody on this machine can read ${path}, which cannot be changed: ${messageOf(error)}`)
    }
  }
  if (tightened.length > 0) {
    said.unshift(`Everybody on this machine could read ${tightened.join(', ')}: made readable for its owner alone`)
  }
  return said.length === 0 ? undefined : said.join('; ')
}
