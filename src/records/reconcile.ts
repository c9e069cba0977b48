import type { BatchReport, InputRecord, Rejected, WriteOperation } from '../contracts/data-backend.ts'
import { RalphError } from '../errors.ts'
import { sameJson } from '../xapi/same-json.ts'
import type { Json } from '../xapi/statement.ts'

/** A record and its key in a container. */
export interface KeyedRecord {
  readonly record: InputRecord
  /** Undefined: the container assigns one when the record is created. */
  readonly id: string | undefined
}

/**
 * Why a record was not written: no record has its id, other records have its id (each as text or parsed), or the database refuses it for
 * another reason.
 */
export type NotWritten = 'missing' | { readonly there: readonly (string | object)[] } | { readonly reason: string }

type NotWrittenOf<Keyed> = ReadonlyMap<Keyed, NotWritten>

/**
 * A container of records: an index, a collection, a table. The records of one call have different ids. The answer names
 * those that were not written. Every call may be repeated.
 */
export interface RecordContainer<Keyed extends KeyedRecord> {
  /** Returns a string if the record cannot be kept. The string says why. */
  keyOf(record: InputRecord): Keyed | string
  /** Changes no record that has the id already. */
  create(records: readonly Keyed[]): Promise<NotWrittenOf<Keyed>>
  /** Replaces the record with the same id. If there is none, the record is created (`orMake`) or is `missing`. */
  replace?(records: readonly Keyed[], orMake: boolean): Promise<NotWrittenOf<Keyed>>
  readonly removal?: {
    /** Returns a string if the record has no key. The string says why. */
    keyOf(record: InputRecord): KeyedRecord | string
    remove(records: readonly KeyedRecord[]): Promise<NotWrittenOf<KeyedRecord>>
  }
}

const parsed = (text: string): Json | undefined => {
  try {
    return JSON.parse(text)
  } catch {
    // Another program may have written anything. Text that is not JSON equals no record.
    return undefined
  }
}

/** Whether the stored record equals the one to be written. */
const isSameRecord = (there: string | object, record: InputRecord): boolean => {
  if (there === record.text) return true
  // Databases return JSON, and a record was read from JSON.
  const value = typeof there === 'string' ? parsed(there) : (there as Json)
  return value !== undefined && sameJson(value, record.value as Json)
}

const createReport = () => {
  const rejected: Rejected[] = []
  const counts = { written: 0, already: 0 }
  return {
    counts,
    reject: ({ record }: KeyedRecord, reason: string): void => {
      rejected.push({ record, reason })
    },
    report: (): BatchReport => ({ ...counts, rejected })
  }
}

type Report = ReturnType<typeof createReport>

/** Divides records into one for each id, the first or the last, and the others. */
const onePerId = <Keyed extends KeyedRecord>(all: readonly Keyed[], chosen: 'first' | 'last') => {
  const byId = new Map<string | Keyed, Keyed>()
  for (const each of all) {
    const key = each.id ?? each
    if (chosen === 'last' || !byId.has(key)) byId.set(key, each)
  }
  return {
    chosen: [...byId.values()],
    others: byId.size === all.length ? [] : all.filter((each) => byId.get(each.id ?? each) !== each),
    insteadOf: (other: Keyed): Keyed => byId.get(other.id ?? other) ?? other
  }
}

const reasonOf = ({ id }: KeyedRecord, why: NotWritten): string => {
  if (why === 'missing') return `is not updated: no record has the id ${id}`
  return 'there' in why ? `is not created: another record has the id ${id}` : why.reason
}

/** If several records have one id, the first is created. If it is refused, the next one is tried. */
const create = async <Keyed extends KeyedRecord>(
  container: RecordContainer<Keyed>,
  all: readonly Keyed[],
  { counts, reject }: Report
): Promise<void> => {
  const compare = (each: Keyed, there: readonly (string | object)[]): void => {
    if (there.some((one) => isSameRecord(one, each.record))) counts.already += 1
    else reject(each, reasonOf(each, { there }))
  }
  for (let left = all; left.length > 0; ) {
    const { chosen, others, insteadOf } = onePerId(left, 'first')
    const refused = await container.create(chosen)
    counts.written += chosen.length - refused.size
    for (const [each, why] of refused) {
      if (why !== 'missing' && 'there' in why) compare(each, why.there)
      else reject(each, reasonOf(each, why))
    }
    const again: Keyed[] = []
    for (const each of others) {
      const first = insteadOf(each)
      const why = refused.get(first)
      if (why === undefined) compare(each, [first.record.value])
      else if (why !== 'missing' && 'there' in why) compare(each, why.there)
      else again.push(each)
    }
    left = again
  }
}

/** If several records have one id, the last one counts. If it is refused, the one before is tried. */
const replace = async <Keyed extends KeyedRecord>(
  write: (records: readonly Keyed[]) => Promise<NotWrittenOf<Keyed>>,
  all: readonly Keyed[],
  { counts, reject }: Report
): Promise<void> => {
  for (let left = all; left.length > 0; ) {
    const { chosen, others, insteadOf } = onePerId(left, 'last')
    const refused = await write(chosen)
    counts.written += chosen.length - refused.size
    for (const [each, why] of refused) reject(each, reasonOf(each, why))
    const again: Keyed[] = []
    for (const each of others) {
      const why = refused.get(insteadOf(each))
      if (why === undefined) counts.written += 1
      else if (why === 'missing') reject(each, reasonOf(each, why))
      else again.push(each)
    }
    left = again
  }
}

/** A missing record counts as removed. */
const remove = async (
  take: (records: readonly KeyedRecord[]) => Promise<NotWrittenOf<KeyedRecord>>,
  all: readonly KeyedRecord[],
  { counts, reject }: Report
): Promise<void> => {
  const { chosen, others } = onePerId(all, 'first')
  const refused = chosen.length === 0 ? new Map<KeyedRecord, NotWritten>() : await take(chosen)
  counts.written += chosen.length - refused.size
  counts.already += others.length
  for (const [each, why] of refused) {
    if (why === 'missing') counts.already += 1
    else reject(each, reasonOf(each, why))
  }
}

/** Writes a batch into a container. `WriteOperation` defines each operation. */
export const writeRecords = async <Keyed extends KeyedRecord>(
  container: RecordContainer<Keyed>,
  batch: readonly InputRecord[],
  operation: WriteOperation
): Promise<BatchReport> => {
  const report = createReport()
  const keyed = <Some extends KeyedRecord>(keyOf: (record: InputRecord) => Some | string): Some[] => {
    const all: Some[] = []
    for (const record of batch) {
      const each = keyOf(record)
      if (typeof each === 'string') report.reject({ record, id: undefined }, each)
      else all.push(each)
    }
    return all
  }
  const { removal, replace: write } = container
  if (operation === 'create') await create(container, keyed(container.keyOf), report)
  else if (operation === 'delete' && removal !== undefined) await remove(removal.remove, keyed(removal.keyOf), report)
  else if (write !== undefined) {
    await replace((records) => write(records, operation === 'index'), keyed(container.keyOf), report)
  } else throw new RalphError('UNSUPPORTED_OPERATION', `the operation ${operation} is not possible here`)
  return report.report()
}
