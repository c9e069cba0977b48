import {
  type ImportCounts,
  type ImportRecord,
  type ImportStatus,
  type ImportTrouble,
  importStatuses
} from '../contracts/imports.ts'
import type { Log } from '../contracts/log.ts'
import { isErrorCode, RalphError } from '../errors.ts'
import { backOff, isLasting, pause, type RetryPlan } from '../network/retry.ts'
import { type AskServer, failureOf, refusal, type TusAnswer } from './requests.ts'

/** What is told of an import whose end was waited for. */
export type EndedImport = Pick<ImportRecord, 'id' | 'status' | 'filename' | 'counts' | 'trouble'>

const ended: ReadonlySet<ImportStatus> = new Set(['DONE', 'FAILED', 'SKIPPED'])

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined

const countIn = (counts: unknown, name: keyof ImportCounts): number => {
  const count = memberOf(counts, name)
  return typeof count === 'number' ? count : 0
}

const troubleIn = (value: unknown): ImportTrouble | undefined => {
  const [code, message] = [memberOf(value, 'code'), memberOf(value, 'message')]
  return typeof message === 'string' ? { code: isErrorCode(code) ? code : 'INTERNAL', message } : undefined
}

/** `STORE_UNAVAILABLE`: what answers there is not Ralph. */
const importIn = ({ text }: TusAnswer, url: URL): EndedImport => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  const [id, filename] = [memberOf(value, 'id'), memberOf(value, 'filename')]
  const status = importStatuses.find((each) => each === memberOf(value, 'status'))
  if (typeof id !== 'string' || typeof filename !== 'string' || status === undefined) {
    throw new RalphError('STORE_UNAVAILABLE', `${url.href} answered no import: is it a server of Ralph?`)
  }
  const counts = memberOf(value, 'counts')
  return {
    id,
    filename,
    status,
    counts: {
      read: countIn(counts, 'read'),
      converted: countIn(counts, 'converted'),
      written: countIn(counts, 'written'),
      already: countIn(counts, 'already'),
      rejected: countIn(counts, 'rejected')
    },
    trouble: troubleIn(memberOf(value, 'trouble'))
  }
}

export interface AwaitOptions {
  readonly ask: AskServer
  /** In a row. */
  readonly plan: RetryPlan
  readonly log: Log
  readonly signal: AbortSignal
}

/** In milliseconds; each pause is twice as long as the one before. */
const firstLook = 100
const seldom = 2000

/**
 * Looks at an import until it is DONE, FAILED or SKIPPED. One that is to be tried again is waited for.
 * @param url of the import
 */
export const awaitImport = async (url: URL, { ask, plan, log, signal }: AwaitOptions): Promise<EndedImport> => {
  let failures = 0
  let last: ImportStatus | undefined
  for (let wait = firstLook; ; wait = Math.min(seldom, wait * 2)) {
    try {
      const answer = await ask({ method: 'GET', url })
      if (answer.status < 500 && answer.status !== 200) throw refusal(answer, url)
      if (answer.status === 200) {
        failures = 0
        const found = importIn(answer, url)
        if (ended.has(found.status)) return found
        if (found.status === 'RETRY' && last !== 'RETRY') {
          log.warn(`the import waits for another attempt: ${found.trouble?.message ?? 'no reason is given'}`)
        }
        last = found.status
      } else if (++failures >= plan.attempts) throw refusal(answer, url)
    } catch (error) {
      signal.throwIfAborted()
      failures += 1
      if (error instanceof RalphError || isLasting(error) || failures >= plan.attempts) throw failureOf(error, url)
    }
    await pause(failures === 0 ? wait : backOff(failures, plan), signal)
  }
}
