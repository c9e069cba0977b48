import { randomInt, randomUUID } from 'node:crypto'
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

/** All in milliseconds. */
export interface LeaseOptions {
  /** A holder that shows no sign of life for so long is taken for dead. No single request of a write may take half of it. */
  readonly timeToLive: number
  /** One who would write waits so long for others to make way. */
  readonly patience: number
  /** An idle holder keeps the lease for so long, as long as nobody wants it. */
  readonly linger: number
}

export const defaultLease: LeaseOptions = { timeToLive: 15_000, patience: 25_000, linger: 250 }

/** What one who may write should know. */
export interface Held {
  readonly last: Micros
  /** Nobody else has written since this process did. */
  readonly undisturbed: boolean
  /** Somebody else held it, and did not let go: what it was writing may be there in part. */
  readonly seized: boolean
}

/**
 * The right to write, of one process among several. Clocks of other machines are not believed: a holder is dead when its
 * record has not changed for the time to live, measured here; and a holder that could not renew the record for half of
 * that time stops writing by itself. Its calls must follow each other.
 */
export interface Lease {
  /** `STORE_UNAVAILABLE` when others do not make way. */
  acquire(): Promise<Held>
  /** `STORE_UNAVAILABLE` when so much time has gone by that somebody else may have taken over: before each request that writes. */
  requireHeld(): void
  /**
   * Says that all up to `last` is written. `STORE_UNAVAILABLE` when the lease was lost meanwhile: then nothing that
   * was written under it counts.
   */
  commit(last: Micros): Promise<void>
  /** For readers: the `last` of the record, while nobody else can have changed it; undefined: read the record. */
  lastIfHeld(): Micros | undefined
  /** After a turn: lets go if somebody waits, else soon. */
  pause(): Promise<void>
  /** Lets go at once. */
  release(): Promise<void>
  /**
   * Writes no more, but does not let go either: whoever is next finds it seized, or is this process, and sees to what
   * was left half done.
   */
  abandon(): void
}

/** How often one who waits looks again. */
const interval = 10
/** One who waits to be next, and does not come in this time, is not waited for. */
const courtesy = 200

const lost = (): RalphError =>
  new RalphError('STORE_UNAVAILABLE', 'another server has taken over writing: send the request again', {
    retryAfter: 1,
    lost: true
  })

/** Whether a commit was refused: what was written before it does not count, and never will. */
export const isLost = (error: unknown): boolean => error instanceof RalphError && error.details.lost === true

const fresh: LeaseRecord = { holder: undefined, wanted: undefined, writer: undefined, last: 0 }

export const createLease = <Version>(table: LeaseTable<Version>, options: LeaseOptions = defaultLease): Lease => {
  const { timeToLive, patience, linger } = options
  const self = randomUUID()
  let held: VersionedRecord<Version> | undefined
  /** When the latest write of the record that succeeded was begun, by the monotonic clock. */
  let renewed = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let tail: Promise<unknown> = Promise.resolve()
  let lettingGo = false

  /** Renewing and letting go happen beside the calls of the holder: the record is written by one of them at a time. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = tail.then(work, work)
    tail = result.catch(() => {})
    return result
  }

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
    for (let present = held; present?.record.holder === self; present = await table.read()) {
      if (await put(change(present.record), present.version)) return true
    }
    held = undefined
    return false
  }

  const letGo = async (): Promise<void> => {
    if (held === undefined) return
    lettingGo = true
    try {
      await putHeld((record) => ({ ...record, holder: undefined }))
    } finally {
      lettingGo = false
      held = undefined
    }
  }

  const later = (milliseconds: number, work: () => Promise<unknown>): void => {
    clearTimeout(timer)
    timer = globalThis.setTimeout(() => {
      // Who fails to renew or to let go finds out when it writes, and others when nothing changes any more.
      inTurn(work).catch(() => {})
    }, milliseconds)
    timer.unref()
  }

  const keepAlive = (): void =>
    later(timeToLive / 4, async () => {
      // Tried again after a failure as well: a request may get lost.
      keepAlive()
      if (!(await putHeld((record) => record))) clearTimeout(timer)
    })

  /** Follows the record until it may be taken. */
  const contend = async (): Promise<Held> => {
    const end = performance.now() + patience
    let seen: VersionedRecord<Version> | undefined
    let since = performance.now()
    for (;;) {
      const present = await table.read()
      const record = present?.record ?? fresh
      if (JSON.stringify(present?.version) !== JSON.stringify(seen?.version)) since = performance.now()
      seen = present
      const unchanged = performance.now() - since
      const isFree = record.holder === undefined || record.holder === self
      const isOurTurn = record.wanted === undefined || record.wanted === self || unchanged >= courtesy
      if ((isFree && isOurTurn) || unchanged >= timeToLive) {
        const wanted = record.wanted === self ? undefined : record.wanted
        if (await put({ ...record, holder: self, wanted }, present?.version)) {
          return { last: record.last, undisturbed: record.writer === self, seized: !isFree }
        }
        continue
      }
      if (performance.now() > end) {
        const message = 'another server is writing for too long: send the request again'
        throw new RalphError('STORE_UNAVAILABLE', message, { retryAfter: 1 })
      }
      if (record.wanted === undefined) await table.write({ ...record, wanted: self }, present?.version)
      // Two that wait in step would meet for ever.
      await setTimeout(randomInt(interval / 2, interval * 1.5))
    }
  }

  return {
    acquire: () => {
      clearTimeout(timer)
      return inTurn(async () => {
        if (held === undefined || !isFresh()) {
          held = undefined
          const taken = await contend()
          keepAlive()
          return taken
        }
        keepAlive()
        const { last, writer } = held.record
        return { last, undisturbed: writer === self, seized: false }
      })
    },
    requireHeld: () => {
      if (held === undefined || !isFresh()) throw lost()
    },
    commit: (last) =>
      inTurn(async () => {
        try {
          if (!(await putHeld((record) => ({ ...record, last, writer: self })))) throw lost()
        } catch (error) {
          // Whether it was written nobody knows: it is read before anything is built upon it.
          held = undefined
          throw error
        }
      }),
    lastIfHeld: () => (held !== undefined && !lettingGo && isFresh() ? held.record.last : undefined),
    pause: async () => {
      clearTimeout(timer)
      if (held === undefined) return
      if (held.record.wanted === undefined) later(linger, letGo)
      else await inTurn(letGo)
    },
    release: () => {
      clearTimeout(timer)
      return inTurn(letGo)
    },
    abandon: () => {
      clearTimeout(timer)
      held = undefined
    }
  }
}
