import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Archive, type Ovh, startOvh } from './ovh.ts'
import { type RalphOptions, ralph, startRalph } from './ralph-process.ts'

/** What a mirror of the simulated OVH needs in a test. */

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** An archive of a day, from 1, of content by chance. */
export const anArchive = (
  day: number,
  { size = 100_000, ...more }: Partial<Archive> & { size?: number } = {}
): Archive => ({
  id: `0000000${day % 10}-0000-4000-8000-${String(day).padStart(12, '0')}`,
  filename: `2018-12-${String(day).padStart(2, '0')}.zst`,
  content: randomBytes(size),
  ...more
})

/** The variables of document 003 for a simulator. */
export const mirrorVariables = ({ endpoint, keys }: Pick<Ovh, 'endpoint' | 'keys'>): Record<string, string> => ({
  OVH_API_AK: keys.APPLICATION_KEY,
  OVH_API_AS: keys.APPLICATION_SECRET,
  OVH_API_CK: keys.CONSUMER_KEY,
  OVH_API_REGION: endpoint
})

/** Files below a directory of a stream, with the hashes of what is in them. */
export const filesOf = (directory: string): Readonly<Record<string, string>> =>
  existsSync(directory)
    ? Object.fromEntries(
        readdirSync(directory)
          .sort()
          .map((name) => [name, sha256(readFileSync(join(directory, name)))])
      )
    : {}

/** What `filesOf` must give once these are mirrored. */
export const filesFor = (archives: readonly Archive[]): Readonly<Record<string, string>> =>
  Object.fromEntries(archives.map(({ filename, content }) => [filename, sha256(content)] as const).sort())

/** A simulator, and a directory in which `ralph mirror` runs with the keys for it. */
export const aMirror = async (t: Test, services: Record<string, Record<string, readonly Archive[]>>) => {
  const ovh = await startOvh(t, services)
  const directory = t.testdir()
  const options = (env: Readonly<Record<string, string>> = {}): RalphOptions => ({
    cwd: directory,
    env: { TZ: 'UTC', ...mirrorVariables(ovh), ...env }
  })
  return {
    ovh,
    directory,
    files: (stream: string) => filesOf(join(directory, 'mirror', stream)),
    run: (words: readonly string[], env?: Readonly<Record<string, string>>) => ralph(t, words, options(env)),
    start: (words: readonly string[], env?: Readonly<Record<string, string>>) => startRalph(t, words, options(env))
  }
}
