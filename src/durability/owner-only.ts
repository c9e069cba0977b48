import { chmodSync, statSync } from 'node:fs'

const others = 0o007
const groupAndOthers = 0o077

const isTightened = (path: string): boolean => {
  const found = statSync(path, { throwIfNoEntry: false })
  // What the owner lets a group read was meant so; what everybody may read was left so by an earlier version.
  if (found === undefined || found.uid !== process.getuid?.() || (found.mode & others) === 0) return false
  chmodSync(path, found.mode & 0o7777 & ~groupAndOthers)
  return true
}

/**
 * Makes files and directories of an earlier version, which everybody on the machine could read, those of their owner
 * alone. What belongs to somebody else, or is not there, stays as it is; modes say nothing on Windows. Returns what was
 * changed, as a sentence for the operator; undefined: nothing.
 */
export const tighten = (paths: readonly string[]): string | undefined => {
  if (process.platform === 'win32') return undefined
  const tightened = paths.filter(isTightened)
  if (tightened.length === 0) return undefined
  return `Everybody on this machine could read ${tightened.join(', ')}: made readable for its owner alone`
}
