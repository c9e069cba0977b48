import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Test } from 'tap'
import { createOvhApi } from '../../src/backends/ldp/api.ts'
import { createArchiveSource } from '../../src/backends/ldp/archive-source.ts'
import { openArchiveCache } from '../../src/mirror/archive-cache.ts'
import { type MirrorResult, runMirror } from '../../src/mirror/run-mirror.ts'
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
    run: (
      words: readonly string[],
      env?: Readonly<Record<string, string>>,
      more: Pick<RalphOptions, 'fileLimit'> = {}
    ) => ralph(t, words, { ...options(env), ...more }),
    start: (words: readonly string[], env?: Readonly<Record<string, string>>) => startRalph(t, words, options(env))
  }
}

/** A clock that runs faster than that of the machine: an hour must not pass in a test. */
export const aFastClock = (speed: number) => {
  const begun = performance.now()
  const start = Date.UTC(2018, 11, 14)
  const milliseconds = (): number => start + (performance.now() - begun) * speed
  return {
    speed,
    milliseconds,
    micros: (): number => Math.floor(milliseconds() * 1000),
    sleep: async (duration: number, signal?: AbortSignal): Promise<void> => {
      await setTimeout(duration / speed, undefined, signal === undefined ? {} : { signal })
    }
  }
}

export interface RunningMirror {
  /** The messages of its log. */
  readonly said: readonly string[]
  /** How it has ended; rejects when it was stopped. */
  readonly ended: Promise<MirrorResult>
  /** Resolves once it has. */
  stop(): Promise<void>
}

/** A mirror within this process, whose directories are `mirror` and `db` of this one. */
export const startMirror = (
  directory: string,
  { endpoint, keys }: Pick<Ovh, 'endpoint' | 'keys'>,
  streams: readonly string[],
  {
    clock = aFastClock(1),
    once = false,
    onArchive
  }: {
    readonly clock?: ReturnType<typeof aFastClock>
    readonly once?: boolean
    readonly onArchive?: (archive: { readonly file: string }) => Promise<void>
  } = {}
): RunningMirror => {
  const said: string[] = []
  const say = (message: string): void => {
    said.push(message)
  }
  const log = { debug: say, info: say, warn: say, error: say }
  const api = createOvhApi({
    endpoint,
    keys: {
      applicationKey: keys.APPLICATION_KEY,
      applicationSecret: keys.APPLICATION_SECRET,
      consumerKey: keys.CONSUMER_KEY
    },
    requestTimeout: undefined,
    clock: clock.micros,
    log,
    retries: { attempts: 3, firstPause: 1, longestPause: 2 }
  })
  const controller = new AbortController()
  const cache = openArchiveCache(join(directory, 'db'))
  const { signal } = controller
  const mirror = { cache, directory: join(directory, 'mirror'), streams, log, signal, source: createArchiveSource(api) }
  const { micros, sleep } = clock
  const ended = runMirror(
    { ...mirror, clock: micros, concurrency: 4, sleep, ...(onArchive === undefined ? {} : { onArchive }) },
    { once }
  ).finally(() => cache.close())
  ended.catch(() => {})
  return {
    said,
    ended,
    stop: async () => {
      controller.abort(new Error('stopped'))
      await ended.catch((error: unknown) => {
        if (!(error instanceof Error && error.message === 'stopped')) throw error
      })
    }
  }
}
