import type { AttachmentContent, StoredStatement } from '../../contracts/statement-store.ts'
import { type Attachment, isSubStatement, type Statement } from '../../xapi/statement.ts'
import type { Call } from '../call.ts'

/** The bytes of an attachment with the media type that its statement gives it. */
export interface NamedAttachment extends AttachmentContent {
  readonly contentType: string
}

const named = (statement: Statement): readonly Attachment[] => [
  ...(statement.attachments ?? []),
  ...(isSubStatement(statement.object) ? (statement.object.attachments ?? []) : [])
]

/** What the statements of an answer name and the store has, each content once (Communication §1.5.2). */
export async function* attachmentsOf(
  call: Call,
  statements: readonly StoredStatement[]
): AsyncGenerator<NamedAttachment> {
  const contentTypes = new Map<string, string>()
  for (const { text } of statements) {
    for (const { sha2, contentType } of named(JSON.parse(text) as Statement)) {
      if (!contentTypes.has(sha2.toLowerCase())) contentTypes.set(sha2.toLowerCase(), contentType)
    }
  }
  if (contentTypes.size === 0) return
  for await (const { sha2, content } of call.store.attachments.read([...contentTypes.keys()], call)) {
    yield { sha2, content, contentType: contentTypes.get(sha2) ?? 'application/octet-stream' }
  }
}
