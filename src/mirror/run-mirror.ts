import { messageOf, RalphError } from '../errors.ts'
import { backOff } from '../network/retry.ts'
import type { CachedArchive } from './archive-cache.ts'
import { type Attempt, askAgain, downloadArchive } from './download-archive.ts'
import { type Found, lookForArchives } from './look-for-archives.ts'
import type { OnlineMirror } from './mirror-options.ts'
import { isSafe, makeDirectory, nameOf } from './place.ts'
import { reconcile } from './reconcile.ts'

/** Seconds between two checks for new archives; fewer after a failed one. */
const checkEvery = 3600
const checkAgainAfter = 300

/** Pauses before a failed archive is tried again, in milliseconds. */
const downloadPlan = { attempts: Number.POSITIVE_INFINITY, firstPause: 60_000, longestPause: 3_600_000 }

/** Milliseconds. Sleeps are not longer, so that a changed clock, or a machine that was asleep, is noticed. */
const longestSleep = 60_000

/** The result of a mirror that runs once. */
export interface MirrorResult {
  readonly downloaded: number
  /** Archives that are not available from cold storage yet. */
  readonly waiting: number
  /** Downloads and requests that failed. The first one is reported as the reason. */
  readonly failures: readonly unknown[]
  /** Streams that no service has. */
  readonly unknown: readonly string[]
}

/** Archives that are tried again later, and when. Kept only in memory: after a restart they are tried at once. */
const createPostponed = ({ clock }: OnlineMirror) => {
  const postponed = new Map<string, { readonly attempts: number; readonly until: number }>()
  return {
    until: ({ id, available = 0 }: CachedArchive): number => Math.max(available, postponed.get(id)?.until ?? 0),
    /** Returns the milliseconds until it is tried again. */
    postpone: ({ id }: CachedArchive): number => {
      const attempts = (postponed.get(id)?.attempts ?? 0) + 1
      const pause = backOff(Math.min(attempts, 20), downloadPlan)
      postponed.set(id, { attempts, until: clock() + pause * 1000 })
      return pause
    },
    forget: ({ id }: CachedArchive): void => {
      postponed.delete(id)
    }
  }
}

type Postponed = ReturnType<typeof createPostponed>

/** Downloads archives, each once, and records the result. */
const createDownloads = (mirror: OnlineMirror, postponed: Postponed, once: boolean) => {
  const { cache, clock, log, signal } = mirror
  const failures = new Map<string, unknown>()
  let downloaded = 0

  const settle = async (archive: CachedArchive, service: string, attempt: Attempt): Promise<void> => {
    switch (attempt.state) {
      case 'done':
        downloaded += 1
        postponed.forget(archive)
        failures.delete(archive.id)
        cache.setStatus(archive.id, 'done')
        return
      case 'gone':
        log.warn(`Archive ${nameOf(archive)} is not available any more`)
        cache.setStatus(archive.id, 'expired')
        return
      case 'sealed':
        log.info(`Will retry to download ${nameOf(archive)} after ${attempt.retryAfter} seconds`)
        cache.setStatus(archive.id, 'todo', clock() + attempt.retryAfter * 1e6)
        return
      case 'damaged': {
        const isOther = await askAgain(mirror, archive, service)
        // An earlier attempt may have begun another version. If the details changed, that is logged elsewhere.
        if (attempt.resumed || isOther) return
        throw new RalphError('STORE_CORRUPT', `archive ${nameOf(archive)} arrived damaged`)
      }
    }
  }

  const download = async (archive: CachedArchive, service: string): Promise<void> => {
    try {
      makeDirectory(mirror, archive.stream)
      await settle(archive, service, await downloadArchive(mirror, archive, service))
    } catch (error) {
      if (signal.aborted) return
      failures.set(archive.id, error)
      const seconds = Math.round(postponed.postpone(archive) / 1000)
      log.warn(`Archive ${nameOf(archive)} could not be downloaded: ${messageOf(error)}`)
      if (!once) log.info(`Will retry to download ${nameOf(archive)} after ${seconds} seconds`)
    }
  }

  return { download, failures, done: (): number => downloaded }
}

/**
 * Keeps a copy of all archives of some streams: looks for new ones, downloads missing ones when they are available, and repeats
 * this every hour until the signal. `once`: looks and downloads one time, and returns what is left.
 */
export const runMirror = async (mirror: OnlineMirror, { once }: { readonly once: boolean }): Promise<MirrorResult> => {
  const { cache, clock, log, signal, sleep, streams, concurrency } = mirror
  const postponed = createPostponed(mirror)
  const said = new Set<string>()
  const running = new Map<string, Promise<void>>()
  const { download, failures, done } = createDownloads(mirror, postponed, once)
  let found: Found = { services: new Map(), unknown: [], failures: [] }
  let nextCheck = 0
  let isFirst = true

  const look = async (): Promise<void> => {
    try {
      found = await lookForArchives(mirror)
    } catch (error) {
      signal.throwIfAborted()
      const isPassing = error instanceof RalphError && error.code === 'STORE_UNAVAILABLE'
      // Keys that are refused at the start are wrong. Later, somebody may be replacing them.
      if (!(error instanceof RalphError) || once || (isFirst && !isPassing)) throw error
      log.warn(`API error, will retry later: ${error.message}`)
      found = { ...found, failures: [error] }
    }
    nextCheck = clock() + (found.failures.length === 0 ? checkEvery : checkAgainAfter) * 1e6
    try {
      await reconcile(mirror, said)
    } catch (error) {
      if (!(error instanceof RalphError) || isFirst) throw error
      log.warn(`The mirror cannot be read, will retry later: ${error.message}`)
    }
    isFirst = false
  }

  const serviceOf = ({ stream, service }: CachedArchive): string | undefined => found.services.get(stream) ?? service

  /** Archives to download, now or later. */
  const todo = (): readonly CachedArchive[] =>
    streams
      .flatMap((stream) => cache.archives(stream))
      .filter((archive) => archive.status === 'todo' && isSafe(archive) && !running.has(archive.id))

  const start = (): void => {
    for (const archive of todo()) {
      if (running.size >= concurrency) return
      const service = serviceOf(archive)
      if (service === undefined || postponed.until(archive) > clock()) continue
      const work = download(archive, service).finally(() => running.delete(archive.id))
      running.set(archive.id, work)
    }
  }

  /** Until one of the downloads has ended, or there is something to do. */
  const wait = async (): Promise<void> => {
    const awake = new AbortController()
    const either = AbortSignal.any([signal, awake.signal])
    const isRoom = running.size < concurrency
    const times = isRoom ? todo().map(postponed.until) : []
    const next = Math.min(once ? Number.POSITIVE_INFINITY : nextCheck, ...times)
    const pause = Math.min(longestSleep, Math.max(1, Math.ceil((next - clock()) / 1000)))
    try {
      await Promise.race([sleep(pause, either), ...running.values()])
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      awake.abort()
    }
  }

  try {
    for (;;) {
      signal.throwIfAborted()
      if (nextCheck <= clock() && (isFirst || !once)) await look()
      start()
      if (once && running.size === 0) break
      await wait()
    }
  } finally {
    await Promise.all(running.values())
  }
  const left = todo().filter(({ id }) => !failures.has(id))
  return {
    downloaded: done(),
    waiting: left.length,
    failures: [...failures.values(), ...found.failures],
    unknown: found.unknown
  }
}
