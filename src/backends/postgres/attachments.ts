import type { AttachmentContent, AttachmentStore } from '../../contracts/statement-store.ts'
import type { Database } from './connect.ts'
import { batchesOf } from './in-batches.ts'
import { collectedValue, collectValue, forgetValue, isLarge, pieceSize, readLarge } from './large-values.ts'
import { prepare, type Query, type Value } from './query-text.ts'

/** Bytes are sent unchanged in a separate parameter. In an array they would be sent as hexadecimal digits. */
const insertSome = (target: number, some: readonly AttachmentContent[]): Query<never> => {
  const values: Value[] = [target]
  const rows = some.map(({ sha2, content }) => {
    values.push(sha2, content)
    return `($1, $${values.length - 1}, $${values.length})`
  })
  const text = `INSERT INTO attachment (target, sha2, content) VALUES ${rows.join()} ON CONFLICT (target, sha2) DO NOTHING`
  return { name: undefined, text, values }
}

const insertLarge = prepare(
  'insert_large_attachment',
  `INSERT INTO attachment (target, sha2, content) VALUES ($1, $2, ${collectedValue}) ON CONFLICT (target, sha2) DO NOTHING`
)

export function* insertAttachments(target: number, attachments: readonly AttachmentContent[]): Generator<Query<never>> {
  const small = attachments.filter(({ content }) => !isLarge(content))
  for (const some of batchesOf(small, ({ content }) => content.byteLength)) yield insertSome(target, some)
  for (const { sha2, content } of attachments) {
    if (!isLarge(content)) continue
    yield* collectValue(content)
    yield insertLarge(target, sha2)
    yield forgetValue
  }
}

const selectSizes = prepare<[sha2: string, size: number]>(
  'select_attachment_sizes',
  "SELECT sha2, octet_length(content) FROM attachment WHERE target = $1 AND sha2 = ANY (string_to_array($2, ' '))"
)
const selectContents = prepare<[sha2: string, content: Uint8Array]>(
  'select_attachments',
  "SELECT sha2, content FROM attachment WHERE target = $1 AND sha2 = ANY (string_to_array($2, ' '))"
)

const selectPiece = prepare<[piece: Uint8Array]>(
  'select_attachment_piece',
  'SELECT substring(content FROM $3 FOR $4) FROM attachment WHERE target = $1 AND sha2 = $2'
)

export const createAttachments = (database: Database, target: number): AttachmentStore => ({
  read: async function* (sha2s, options) {
    const wanted = [...new Set(sha2s)]
    const sizes = new Map(await database.read(selectSizes(target, wanted.join(' ')), options))
    const there = wanted.flatMap((sha2) => {
      const size = sizes.get(sha2)
      return size === undefined ? [] : [{ sha2, size }]
    })
    // A large one is a group by itself.
    for (const piece of batchesOf(there, ({ size }) => (size > pieceSize ? Number.POSITIVE_INFINITY : size))) {
      const [{ sha2: only, size } = { sha2: '', size: 0 }] = piece
      if (size > pieceSize) {
        const content = await readLarge(
          size,
          async (start, length) => (await database.read(selectPiece(target, only, start, length), options))[0]?.[0]
        )
        if (content !== undefined) yield { sha2: only, content }
        continue
      }
      const asked = piece.map(({ sha2 }) => sha2)
      const contents = new Map(await database.read(selectContents(target, asked.join(' ')), options))
      for (const sha2 of asked) {
        options?.signal?.throwIfAborted()
        const content = contents.get(sha2)
        if (content !== undefined) yield { sha2, content }
      }
    }
  }
})
