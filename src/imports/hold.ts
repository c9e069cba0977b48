import { inUse } from './kept.ts'
import { leaseTime } from './records/lease.ts'
import type { ImportRecords } from './records/records.ts'

/** An import that this process holds alone, as long as it renews the lease. */
export interface Hold {
  /** Aborted if another process has taken it: then nothing more may be done to it. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

/** Holds an import that was claimed or created. */
export const holdImport = (records: ImportRecords, id: string): Hold => {
  const lost = new AbortController()
  const renew = async (): Promise<void> => {
    if (!(await records.renew(id))) lost.abort(inUse(id))
  }
  // If the database is unreachable now, it may be back before the lease ends. Saving finds out whether the lease has ended.
  const timer = setInterval(() => void renew().catch(() => {}), leaseTime / 4)
  timer.unref()
  return {
    lost: lost.signal,
    release: async () => {
      clearInterval(timer)
      if (!lost.signal.aborted) await records.release(id)
    }
  }
}
