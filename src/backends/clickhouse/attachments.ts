import type { AttachmentContent, AttachmentStore, CallOptions } from '../../contracts/statement-store.ts'
import { groupsBySize } from '../../xapi/groups.ts'
import type { Given } from './connect.ts'
import type { ReadContext } from './look-up.ts'
import { createRowWriter, type Rows } from './row-binary.ts'

/** Bytes of attachments that are in memory together, unless a single one has more. */
const mostBytes = 2 ** 23
const digestsGiven = (sha2s: Iterable<string>): Given => {
  const rows = createRowWriter()
  for (const sha2 of sha2s) rows.text(sha2)
  return { columns: 'sha2 String', rows: rows.finish() }
}

interface Kept {
  readonly sha2: string
  readonly size: number
}

/** The attachments that exist, in the order of the request. */
const find = async (context: ReadContext, sha2s: readonly string[], { signal }: CallOptions): Promise<Kept[]> => {
  const { connection, tables, store } = context
  const sizes = new Map<string, number>()
  if (sha2s.length === 0) return []
  const given = digestsGiven(sha2s)
  const rows = await connection.read(
    `SELECT sha2, any(size) FROM ${tables.attachment}
     WHERE store = {store:UInt32} AND sha2 IN (SELECT sha2 FROM given) GROUP BY sha2`,
    { store },
    signal === undefined ? { given } : { given, signal }
  )
  while (rows.more()) sizes.set(rows.text(), rows.i64())
  return sha2s.flatMap((sha2) => {
    const size = sizes.get(sha2)
    return size === undefined ? [] : [{ sha2, size }]
  })
}

export const readAttachments = (context: ReadContext): AttachmentStore['read'] =>
  async function* (sha2s, options = {}) {
    const { connection, tables, store } = context
    const { signal } = options
    const kept = await find(context, [...new Set(sha2s)], options)
    for (const portion of groupsBySize(kept, ({ size }) => size, mostBytes)) {
      const given = digestsGiven(portion.map(({ sha2 }) => sha2))
      const rows = await connection.read(
        `SELECT sha2, content FROM ${tables.attachment}
         WHERE store = {store:UInt32} AND sha2 IN (SELECT sha2 FROM given) LIMIT 1 BY sha2`,
        { store },
        signal === undefined ? { given } : { given, signal }
      )
      const contents = new Map<string, Buffer>()
      while (rows.more()) contents.set(rows.text(), rows.bytes())
      for (const { sha2 } of portion) {
        const content = contents.get(sha2)
        if (content === undefined) continue
        yield { sha2, content }
      }
    }
  }

/** The rows of the attachments that do not exist yet. */
export const attachmentRows = async (
  context: ReadContext,
  attachments: readonly AttachmentContent[]
): Promise<Rows> => {
  if (attachments.length === 0) return []
  const all = attachments.map(({ sha2 }) => sha2)
  const there = new Set((await find(context, all, {})).map(({ sha2 }) => sha2))
  const rows = createRowWriter()
  for (const { sha2, content } of attachments) {
    if (there.has(sha2)) continue
    rows.u32(context.store)
    rows.text(sha2)
    rows.i64(content.byteLength)
    rows.bytes(content)
  }
  return rows.finish()
}
