import { existsSync, readFileSync } from 'node:fs'

/** The version in package.json, in the root directory of the repository (src/) or of the package (dist/src/). */
export const readVersion = (): string => {
  const found = ['../../package.json', '../../../package.json']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url))
  // It is our own file.
  const { version } = JSON.parse(found === undefined ? '{}' : readFileSync(found, 'utf8')) as {
    readonly version?: string
  }
  return version ?? 'unknown'
}
