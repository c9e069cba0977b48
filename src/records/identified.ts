import { randomUUID } from 'node:crypto'
import type { InputRecord } from '../contracts/data-backend.ts'

/** A record as it is sent to an LRS. */
export interface IdentifiedRecord {
  readonly record: InputRecord
  readonly id: string
  /** The same for ids that the specification treats as equal: case is ignored. */
  readonly key: string
  /** Includes the id. */
  readonly text: string
}

/** Adds an id if the record has none, so that a record that is sent twice is stored once. */
export const identified = (record: InputRecord): IdentifiedRecord => {
  const { line, text, value } = record
  if (typeof value.id === 'string') return { record, id: value.id, key: value.id.toLowerCase(), text }
  // An id of another type is left as it is; the LRS will judge it.
  if (value.id !== undefined) return { record, id: JSON.stringify(value.id), key: `line ${line}`, text }
  const id = randomUUID()
  const empty = Object.keys(value).length === 0
  return { record, id, key: id, text: text.replace('{', `{"id":"${id}"${empty ? '' : ','}`) }
}

/** A request may not hold two statements with one id (Data §2.3.2.1). Each repetition goes into a later request. */
export const withoutRepetition = (batch: readonly IdentifiedRecord[]): IdentifiedRecord[][] => {
  const seen = new Map<string, number>()
  const byRepetition: IdentifiedRecord[][] = []
  for (const sent of batch) {
    const repetition = seen.get(sent.key) ?? 0
    seen.set(sent.key, repetition + 1)
    const group = byRepetition[repetition] ?? []
    byRepetition[repetition] = group
    group.push(sent)
  }
  return byRepetition
}
