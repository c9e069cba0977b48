import type { Micros } from '../../xapi/timestamp.ts'
import type { Gap } from './written.ts'

/** The record by which several servers agree which of them writes to a target, and up to when it is written. */
export interface LeaseRecord {
  /** The server that may write. Undefined: none does. */
  readonly holder: string | undefined
  /** The server that waits to write next, if any. */
  readonly wanted: string | undefined
  /** The server that wrote last. */
  readonly writer: string | undefined
  /** Every statement up to this time is written completely. Later ones must not be shown. */
  readonly last: Micros
  /** The holder writes no batch later than this. Undefined: an older version wrote the record. */
  readonly through: Micros | undefined
  /** The gaps of holders that were taken for dead. */
  readonly gaps: readonly Gap[]
}

export interface VersionedRecord<Version> {
  readonly record: LeaseRecord
  readonly version: Version
}

/** The engine that keeps the record. It can compare and set one document, durably, and read it up to date. */
export interface LeaseTable<Version> {
  read(): Promise<VersionedRecord<Version> | undefined>
  /** Returns the new version. Undefined: the record no longer has `version` (undefined: it exists), and nothing was written. */
  write(record: LeaseRecord, version: Version | undefined): Promise<Version | undefined>
}

/** The record of a target to which no server has written. */
export const freshRecord: LeaseRecord = {
  holder: undefined,
  wanted: undefined,
  writer: undefined,
  last: 0,
  through: 0,
  gaps: []
}

/** The lease time of an older version, in milliseconds. It renewed the lease every four seconds. */
export const formerTimeToLive = 15_000

/**
 * The record after `self` takes it over. What the holder may have begun, up to `through`, does not count. What is written next comes after
 * it.
 */
export const takenOver = (record: LeaseRecord, self: string, through: Micros): LeaseRecord => {
  const { holder, wanted, last, gaps } = record
  const next = { ...record, holder: self, wanted: wanted === self ? undefined : wanted }
  if (holder === undefined || through <= last) return next
  return { ...next, last: through, gaps: [...gaps, { after: last, through, holder }] }
}
