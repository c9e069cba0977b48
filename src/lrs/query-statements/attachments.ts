import type { AttachmentContent, StoredStatement } from '../../contracts/statement-store.ts'
import { setAside } from '../../json/set-aside.ts'
import { markOf } from '../../xapi/attachments.ts'
import { type Attachment, isSubStatement, type Statement, type StatementId } from '../../xapi/statement.ts'
import type { Call } from '../call.ts'
import { readsOnly } from '../restriction.ts'

/** The bytes of an attachment, with the media type that its statement gives. */
export interface NamedAttachment extends AttachmentContent {
  readonly contentType: string
}

const named = (statement: Statement): readonly Attachment[] => [
  ...(statement.attachments ?? []),
  ...(isSubStatement(statement.object) ? (statement.object.attachments ?? []) : [])
]

/** What a statement says of an attachment. */
export interface Naming {
  readonly id: StatementId
  readonly sha2: string
  readonly contentType: string
  /** Bytes, as the statement says. This was never compared with the content. */
  readonly length: number
}

export const namingsIn = ({ id, text }: StoredStatement): readonly Naming[] => {
  // Most statements have no attachment, so they need not be parsed.
  if (!text.includes('"attachments"') && !text.includes('\\u')) return []
  const statement = JSON.parse(setAside(text).text) as Statement
  return named(statement).map(({ sha2, contentType, length }) => ({
    id,
    sha2: sha2.toLowerCase(),
    contentType,
    // A mark (`setAside`) never stands for a whole number.
    length: Number.isSafeInteger(length) ? length : 0
  }))
}

/**
 * A restricted principal gets bytes only for statements that brought them. To know a digest, and to name it in a statement, does not give
 * access to the bytes.
 */
const withBytes = async (call: Call, namings: readonly Naming[]): Promise<readonly Naming[]> => {
  if (readsOnly(call) === undefined || namings.length === 0) return namings
  const marks = new Set<string>()
  const possible = namings.map(({ id, sha2 }) => markOf(id, sha2))
  for await (const { sha2: mark } of call.store.attachments.read(possible, call)) marks.add(mark)
  return namings.filter(({ id, sha2 }) => !marks.has(markOf(id, sha2)))
}

/** The attachments that the statements of an answer name and the store has, each content once (Communication §1.5.2). */
export async function* attachmentsOf(call: Call, namings: readonly Naming[]): AsyncGenerator<NamedAttachment> {
  const contentTypes = new Map<string, string>()
  for (const { sha2, contentType } of await withBytes(call, namings)) {
    if (!contentTypes.has(sha2)) contentTypes.set(sha2, contentType)
  }
  if (contentTypes.size === 0) return
  for await (const { sha2, content } of call.store.attachments.read([...contentTypes.keys()], call)) {
    yield { sha2, content, contentType: contentTypes.get(sha2) ?? 'application/octet-stream' }
  }
}
