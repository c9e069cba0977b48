import { inUse } from './kept.ts'
import { leaseTime } from './records/lease.ts'
import type { ImportRecords } from './records/records.ts'

/** An import that this process has to itself, for as long as it says so. */
export interface Hold {
  /** Aborted when another process has it: nothing more may be done to it. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

/** Holds an import that was claimed, or made. */
export const holdImport = (records: ImportRecords, id: string): Hold => {
  const lost = new AbortController()
  const renew = async (): Promise<void> => {
    if (!(await records.renew(id))) lost.abort(inUse(id))
  }
  // A database that is away now may be back before the lease ends; whether it ended, saving tells.
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
