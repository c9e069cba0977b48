import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { RalphError } from '../errors.ts'
import type { Micros } from '../xapi/timestamp.ts'

/** The one record by which several servers agree who of them writes to a target, and how far it is written. */
export interface LeaseRecord {
  /** Who may write; undefined: nobody does. */
  readonly holder: string | undefined
  /** Who waits to write next, if somebody does. */
  readonly wanted: string | undefined
  /** Who has written last. */
  readonly writer: string | undefined
  /** Every statement up to this is written whole: what is later must not be shown. */
  readonly last: Micros
}

export interface VersionedRecord<Version> {
  readonly record: LeaseRecord
  readonly version: Version
}

/** Where the record is kept: an engine that can compare and set one document, durably, and read it up to date. */
export interface LeaseTable<Version> {
  read(): Promise<VersionedRecord<Version> | undefined>
  /** The new version; undefined: the record is no longer that version (undefined: there is one), nothing was written. */
  write(record: LeaseRecord, version: Version | undefined): Promise<Version | undefined>
}

export interface LeaseOptions {
  /** Milliseconds after which a holder that shows no sign of life is taken for dead. A write must not take longer. */
  readonly timeToLive: number
  /** Milliseconds for which one who would write waits for the others to make way. */
  readonly patience: number
  /** Milliseconds for which an idle holder keeps the lease, as long as nobody wants it. */
  readonly linger: number
}

export const defaultLease: LeaseOptions = { timeToLive: 10_000, patience: 20_000, linger: 250 }

export interface Held {
  readonly last: Micros
  /** Nobody else has written since this process did. */
  readonly undisturbed: boolean
  /** Somebody else held it, and did not let go: what it was writing may be there in part. */
  readonly seized: boolean
}

/**
 * The right to write, of one process among several. Clocks of other machines are not believed: a holder is dead when its
 * record has not changed for the time to live, measured here; and a holder itself stops writing well before that.
 */
export interface Lease {
  acquire(): Promise<Held>
  /**
   * Says that all up to `last` is written. `STORE_UNAVAILABLE` when the lease was lost meanwhile: then nothing that
   * was written under it counts.
   */
  commit(last: Micros): Promise<void>
  /** Rejects with `STORE_UNAVAILABLE` when so much time has gone by that somebody else may have taken over. */
  requireHeld(): void
  /** After a turn: lets go if somebody waits, or soon. */
  pause(): Promise<void>
  /** Lets go at once. */
  release(): Promise<void>
}

/** How often one who waits looks again, milliseconds. */
const interval = 10

const lost = (): RalphError =>
  new RalphError('STORE_UNAVAILABLE', 'another server has taken over writing: send the request again', {
    retryAfter: 1
  })

export const createLease = <Version>(table: LeaseTable<Version>, options: LeaseOptions = defaultLease): Lease => {
  const { timeToLive, patience, linger } = options
  const self = randomUUID()
  let held: VersionedRecord<Version> | undefined
  /** When the last write of the record was begun, by the monotonic clock. */
  let renewed = Number.NEGATIVE_INFINITY
  let releasing: NodeJS.Timeout | undefined

  /** Half of the time is left for a request that was sent at the last moment. */
  const isFresh = (): boolean => performance.now() - renewed < timeToLive / 2

  const put = async (record: LeaseRecord, version: Version | undefined): Promise<boolean> => {
    const start = performance.now()
    const written = await table.write(record, version)
    if (written === undefined) return false
    held = { record, version: written }
    renewed = start
    return true
  }

  /** Writes the record while it is ours; somebody may have put themselves down as waiting in between. */
  const putHeld = async (change: (record: LeaseRecord) => LeaseRecord): Promise<boolean> => {
    for (let present = held; present !== undefined && present.record.holder === self; ) {
      if (await put(change(present.record), present.version)) return true
      present = await table.read()
    }
    held = undefined
    return false
  }

  const letGo = async (): Promise<void> => {
    clearTimeout(releasing)
    releasing = undefined
    if (held === undefined) return
    await putHeld((record) => ({ ...record, holder: undefined }))
    held = undefined
  }

  /** Follows one record until it may be taken. */
  const contend = async (): Promise<Held> => {
    const end = performance.now() + patience
    let seen: VersionedRecord<Version> | undefined
    let since = performance.now()
    for (;;) {
      const present = await table.read()
      const record = present?.record ?? { holder: undefined, wanted: undefined, writer: undefined, last: 0 }
      if (JSON.stringify(present?.version) !== JSON.stringify(seen?.version)) since = performance.now()
      seen = present
      const stale = performance.now() - since >= timeToLive
      const isFree = record.holder === undefined || record.holder === self
      const isNext = record.wanted === undefined || record.wanted === self || performance.now() - since >= 20 * interval
      if ((isFree && isNext) || stale) {
        const wanted = record.wanted === self ? undefined : record.wanted
        if (await put({ ...record, holder: self, wanted }, present?.version)) {
          return { last: record.last, undisturbed: record.writer === self, seized: !isFree }
        }
        continue
      }
      if (record.wanted === undefined) await table.write({ ...record, wanted: self }, present?.version)
      if (performance.now() > end) {
        throw new RalphError('STORE_UNAVAILABLE', 'another server is writing for too long: send the request again', {
          retryAfter: 1
        })
      }
      await setTimeout(interval * (0.5 + Math.random()))
    }
  }

  return {
    acquire: async () => {
      clearTimeout(releasing)
      releasing = undefined
      if (held !== undefined && isFresh()) {
        const { last, writer } = held.record
        return { last, undisturbed: writer === self, seized: false }
      }
      held = undefined
      return contend()
    },
    commit: async (last) => {
      if (!(await putHeld((record) => ({ ...record, last, writer: self })))) throw lost()
    },
    requireHeld: () => {
      if (held === undefined || !isFresh()) throw lost()
    },
    pause: async () => {
      if (held === undefined) return
      if (held.record.wanted !== undefined) await letGo()
      else {
        releasing = setTimeoutOnce(linger, () => {
          letGo().catch(() => {
            // Whoever wants it finds it stale: it only takes longer.
          })
        })
      }
    },
    release: letGo
  }
}

const setTimeoutOnce = (milliseconds: number, work: () => void): NodeJS.Timeout => {
  const timer = globalThis.setTimeout(work, milliseconds)
  timer.unref()
  return timer
}
