import { randomUUID } from 'node:crypto'
import type { InputRecord } from '../contracts/data-backend.ts'

/** A record as it is sent to an LRS. */
export interface IdentifiedRecord {
  readonly record: InputRecord
  readonly id: string
  /** The same for ids that the specification takes for the same: without case. */
  readonly key: string
  /** With the id. */
  readonly text: string
}

/** With an id in it, so that sending it a second time cannot store it a second time. */
export const identified = (record: InputRecord): IdentifiedRecord => {
  const { line, text, value } = record
  if (typeof value.id === 'string') return { record, id: value.id, key: value.id.toLowerCase(), text }
  // Of any other type: the LRS says what it thinks of that.
  if (value.id !== undefined) return { record, id: JSON.stringify(value.id), key: `line ${line}`, text }
  const id = randomUUID()
  const empty = Object.keys(value).length === 0
  return { record, id, key: id, text: text.replace('{', `{"id":"${id}"${empty ? '' : ','}`) }
}

/** No request may hold two statements of one id (Data §2.3.2.1): each repetition goes into a later one. */
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
