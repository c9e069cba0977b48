import type { ImportHandler, ImportTrouble, ObjectHandler } from '../contracts/imports.ts'
import { RalphError } from '../errors.ts'
import { backOff } from '../network/retry.ts'
import type { ImportsContext } from './context.ts'
import type { Hold } from './hold.ts'
import { inUse, isToRecall, type KeptImport, lrsDestination, statusAtStart, troubleOf } from './kept.ts'
import { fetchBytes, recall } from './steps/fetch-bytes.ts'
import { work } from './work.ts'

/** Errors about the content of the file. It will not change. */
const verdicts: ReadonlySet<string> = new Set([
  'INVALID_ARCHIVE',
  'UNSAFE_PATH',
  'UNSAFE_LINK',
  'ARCHIVE_TOO_LARGE',
  'ARCHIVE_TOO_DEEP',
  'UNSUPPORTED_CONTENT',
  'INVALID_INPUT'
])

/** Errors about a URL, or about an original in the file store. It is fetched again only on `retry`. */
const urlVerdicts: ReadonlySet<string> = new Set([
  'INVALID_QUERY',
  'NOT_FOUND',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'CHECKSUM_MISMATCH'
])

/** The operator must do something first. Then `retry` continues with the bytes, which are kept. */
const needsOperator: ReadonlySet<string> = new Set(['INVALID_SETTING', 'UNSUPPORTED_OPERATION', 'UNKNOWN_BACKEND'])

const firstPause = 5000

const handlerFor = async (
  kept: KeptImport,
  { handlers, places }: Pick<ImportsContext, 'handlers' | 'places'>
): Promise<ImportHandler | ObjectHandler> => {
  const { destination } = kept
  const found = handlers.find(({ name }) => name === destination)
  if (found !== undefined) return found
  if (places !== undefined && destination !== lrsDestination) return places.handler(kept)
  const there = handlers.map(({ name }) => name).join(', ')
  throw new RalphError('UNKNOWN_BACKEND', `this process delivers to ${there}, not to ${destination}`)
}

const pauseAfter = (error: unknown, failures: number, longest: number): number => {
  const asked = error instanceof RalphError ? Number(error.details.retryAfter ?? 0) * 1000 : 0
  // After this many attempts the pause has its maximum anyway.
  return Math.max(asked, backOff(Math.min(failures, 30), { attempts: 0, firstPause, longestPause: longest * 1000 }))
}

const withResult = (
  { handlers, destination }: KeptImport,
  status: 'RETRY' | 'FAILED',
  trouble: ImportTrouble
): KeptImport['handlers'] => {
  const before = handlers[destination]
  return before === undefined ? handlers : { ...handlers, [destination]: { ...before, status, trouble } }
}

/** The record after a failure: only an error about the file is final. Everything else is tried again, and nothing is deleted. */
const judged = (kept: KeptImport, error: unknown, { settings, clock }: ImportsContext): KeptImport => {
  const trouble = troubleOf(error)
  const now = Math.floor(clock() / 1000)
  const failed = { ...kept, trouble, status: 'FAILED', finished: now } as const
  if (trouble.code === 'UNSUPPORTED_CONTENT') return { ...failed, status: 'SKIPPED', isStaged: false }
  if (!kept.isStaged && urlVerdicts.has(trouble.code)) return failed
  if (verdicts.has(trouble.code)) return { ...failed, isStaged: false }
  if (needsOperator.has(trouble.code) || kept.failures >= settings.maxAttempts) {
    return { ...failed, handlers: withResult(kept, 'FAILED', trouble) }
  }
  const nextAttempt = now + pauseAfter(error, kept.failures, settings.longestPause)
  return { ...kept, trouble, status: 'RETRY', nextAttempt, handlers: withResult(kept, 'RETRY', trouble) }
}

const interrupted = new RalphError('INTERRUPTED', 'the process that received it ended before all bytes had arrived')

/**
 * One attempt at an import that this process holds. Resolves with the record after it. Rejects if the signal is aborted, or if
 * another process has taken the import: it is continued later, or there.
 */
export const attempt = async (
  start: KeptImport,
  hold: Hold,
  signal: AbortSignal,
  context: ImportsContext
): Promise<KeptImport> => {
  const { records, staging, settings, originals, clock } = context
  const now = (): number => Math.floor(clock() / 1000)
  const save = async (kept: KeptImport): Promise<KeptImport> => {
    const saved = { ...kept, updated: now() }
    if (!(await records.save(saved))) throw inUse(kept.id)
    return saved
  }
  const end = async (kept: KeptImport): Promise<KeptImport> => {
    const saved = await save(kept)
    // Not earlier: an import that may not be done needs its bytes.
    if (!kept.isStaged && kept.status !== 'RETRY') await staging.clear(kept.id)
    else await staging.clearScratch(kept.id)
    return saved
  }

  if (start.status === 'QUERYING' && start.wanted === undefined && !isToRecall(start)) {
    const trouble = troubleOf(interrupted)
    return end({ ...start, status: 'FAILED', trouble, finished: now(), isStaged: false })
  }
  let current = await save({
    ...start,
    status: statusAtStart(start),
    attempts: start.attempts + 1,
    failures: start.failures + 1,
    nextAttempt: undefined
  })
  const working = AbortSignal.any([signal, hold.lost])
  try {
    if (current.wanted !== undefined) {
      current = await save(await fetchBytes(current, current.wanted, working, context))
      await staging.clearFetched(current.id)
    } else if (isToRecall(current)) current = await save(await recall(current, working, context))
    const done = await work(current, {
      staging,
      settings,
      originals,
      handler: await handlerFor(current, context),
      signal: working,
      save: async (kept) => {
        current = await save(kept)
      }
    })
    return await end({ ...done, trouble: undefined, finished: now(), isStaged: false })
  } catch (error) {
    if (hold.lost.aborted || (error instanceof RalphError && error.code === 'IMPORT_IN_USE')) throw inUse(start.id)
    if (signal.aborted) {
      // The import did not fail by itself.
      await save({ ...current, failures: Math.max(0, current.failures - 1) })
      throw signal.reason
    }
    return end(judged(current, error, context))
  }
}
