import type { Micros } from '../../xapi/timestamp.ts'
import type { Gap } from './written.ts'

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
  /** The holder writes no batch that is later than this; undefined: an older version wrote the record. */
  readonly through: Micros | undefined
  /** Of holders that were taken for dead. */
  readonly gaps: readonly Gap[]
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

/** Of a target to which nobody has written. */
export const freshRecord: LeaseRecord = {
  holder: undefined,
  wanted: undefined,
  writer: undefined,
  last: 0,
  through: 0,
  gaps: []
}

/** What an older version kept its lease for, in milliseconds: it gave a sign of life every four seconds. */
export const formerTimeToLive = 15_000

/**
 * The record as `self` takes it over: whatever the holder may have begun, up to `through`, does not count, and what is
 * written next comes behind it.
 */
export const takenOver = (record: LeaseRecord, self: string, through: Micros): LeaseRecord => {
  const { holder, wanted, last, gaps } = record
  const next = { ...record, holder: self, wanted: wanted === self ? undefined : wanted }
  if (holder === undefined || through <= last) return next
  return { ...next, last: through, gaps: [...gaps, { after: last, through, holder }] }
}
