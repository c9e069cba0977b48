import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'

/** The version in package.json. */
export const readVersion = (): string => {
  const path = findPackageJSON('..', import.meta.url)
  // It is our own file.
  const { version } = JSON.parse(path === undefined ? '{}' : readFileSync(path, 'utf8')) as {
    readonly version?: string
  }
  return version ?? 'unknown'
}
