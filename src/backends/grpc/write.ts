import type { BatchReport, InputRecord, Rejected, WriteOptions } from '../../contracts/data-backend.ts'
import type { WriteStatementsRequest, WriteStatementsResponse } from '../../protocol/messages.ts'
import { type IdentifiedRecord, identified, withoutRepetition } from '../../records/identified.ts'
import type { GrpcClient } from './client.ts'
import { isRefusal, sentenceOf } from './errors.ts'

/**
 * Sends a batch. Each request is one message, which the server stores whole or not at all. A lost answer does no harm: every statement has
 * its id, and the server accepts an equal statement again.
 */
export const writeGrpc = async (
  client: GrpcClient,
  batch: readonly InputRecord[],
  { signal }: Pick<WriteOptions, 'signal'> & { readonly signal: AbortSignal }
): Promise<BatchReport> => {
  const rejected: Rejected[] = []
  let [written, already] = [0, 0]

  /** A refused request is sent again in halves, until the refused statement is alone. */
  const send = async (sent: readonly IdentifiedRecord[]): Promise<void> => {
    const [first] = sent
    if (first === undefined) return
    const message: WriteStatementsRequest = { statements: sent.map(({ text }) => Buffer.from(text)) }
    try {
      const call = { service: 'ralph.v1.Statements', method: 'Write', signal }
      const answer = await client.send<WriteStatementsResponse>(call, [message])
      written += answer.stored
      already += answer.already
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (sent.length === 1) {
        rejected.push({ record: first.record, reason: `${first.id} was refused by the LRS (${sentenceOf(error)})` })
        return
      }
      const middle = Math.ceil(sent.length / 2)
      await send(sent.slice(0, middle))
      await send(sent.slice(middle))
    }
  }

  for (const group of withoutRepetition(batch.map(identified))) await send(group)
  rejected.sort((one, other) => one.record.line - other.record.line)
  return { written, already, rejected }
}
