import type { BatchReport, InputRecord, Rejected, WriteOptions } from '../../contracts/data-backend.ts'
import { type LrsAnswer, statusAndMessage } from '../../network/lrs-answer.ts'
import { type IdentifiedRecord, identified, withoutRepetition } from '../../records/identified.ts'
import { sameStatement } from '../../xapi/equivalence.ts'
import type { Statement } from '../../xapi/statement.ts'
import type { LrsClient } from './client.ts'
import { failureOf } from './errors.ts'
import { readPage } from './page.ts'

export interface LrsWriter {
  readonly client: LrsClient
  /** The URL of the statements. */
  readonly url: URL
}

const succeeded = ({ status }: LrsAnswer): boolean => status >= 200 && status < 300

const parsed = ({ body }: LrsAnswer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** An LRS may store the valid statements of a batch and report the others with a success (the partial success of Python Ralph). */
const isPartial = (report: unknown): boolean =>
  typeof report === 'object' && report !== null && 'rejected' in report && Number(report.rejected) > 0

/**
 * The ids of the new statements in the answer. Undefined: it does not tell them. The specification requires all ids. Python Ralph returns
 * only the ids of new statements, and no content when none is new.
 */
const newIds = ({ status }: LrsAnswer, ids: unknown): ReadonlySet<string> | undefined => {
  if (status === 204) return new Set()
  return Array.isArray(ids) && ids.length > 0 ? new Set(ids.map((id) => String(id).toLowerCase())) : undefined
}

/** The refusal is about the sent statements. Some of them may be valid. */
const refusals: ReadonlySet<number> = new Set([400, 409, 413, 422])

/** Whether the stored statement with this id is the one that was sent. */
const isThere = async (
  { client, url }: LrsWriter,
  { id, record }: IdentifiedRecord,
  signal?: AbortSignal
): Promise<boolean> => {
  for (const parameter of ['statementId', 'voidedStatementId']) {
    const one = new URL(url)
    one.searchParams.set(parameter, id)
    const answer = await client.send('GET', one, { signal })
    if (answer.status !== 200) continue
    const [text = 'null'] = readPage(answer, one).lines
    // They are compared as JSON. Neither is assumed to be a valid statement.
    return sameStatement(record.value as unknown as Statement, JSON.parse(text) as Statement)
  }
  return false
}

/** Sends a batch. A lost answer does no harm: every statement has its id, and an LRS accepts an equal statement again. */
export const writeLrs = async (
  writer: LrsWriter,
  batch: readonly InputRecord[],
  { signal }: WriteOptions
): Promise<BatchReport> => {
  const { client, url } = writer
  const rejected: Rejected[] = []
  const stored = new Set<string>()
  let already = 0

  const accept = (sent: readonly IdentifiedRecord[], isNew: ReadonlySet<string> | undefined): void => {
    for (const { key } of sent) {
      if (stored.has(key) || isNew?.has(key) === false) already += 1
      else stored.add(key)
    }
  }

  const refuse = async (sent: IdentifiedRecord, answer: LrsAnswer): Promise<void> => {
    const conflict = answer.status === 409
    if (conflict && (await isThere(writer, sent, signal))) {
      already += 1
      return
    }
    const what = conflict ? `has the id ${sent.id}, which another statement has` : 'was refused by the LRS'
    rejected.push({ record: sent.record, reason: `${what} (${statusAndMessage(answer)})` })
  }

  /** A refused request is sent again in halves, until the refused statement is alone. */
  const send = async (sent: readonly IdentifiedRecord[]): Promise<void> => {
    const [first] = sent
    if (first === undefined) return
    const body = `[${sent.map(({ text }) => text).join(',')}]`
    const answer = await client.send('POST', url, { body, signal })
    const success = succeeded(answer)
    const report = success ? parsed(answer) : undefined
    if (success && !(sent.length > 1 && isPartial(report))) return accept(sent, newIds(answer, report))
    if (!success && !refusals.has(answer.status)) throw failureOf(answer, url)
    if (sent.length === 1) return refuse(first, answer)
    const middle = Math.ceil(sent.length / 2)
    await send(sent.slice(0, middle))
    await send(sent.slice(middle))
  }

  for (const group of withoutRepetition(batch.map(identified))) await send(group)
  rejected.sort((one, other) => one.record.line - other.record.line)
  return { written: stored.size, already, rejected }
}
