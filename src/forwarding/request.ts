import { randomUUID } from 'node:crypto'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import type { StoredStatement } from '../contracts/statement-store.ts'
import { attachmentsOf } from '../xapi/attachments.ts'
import { groupsBySize } from '../xapi/groups.ts'
import type { Statement } from '../xapi/statement.ts'
import { everyTerm, type Term } from '../xapi/terms.ts'
import type { Version } from '../xapi/version.ts'

/** A statement to forward. */
export interface Outgoing {
  readonly stored: StoredStatement
  readonly statement: Statement
  readonly version: Version
  /** Digest and media type of each attachment of the statement. */
  readonly attachments: ReadonlyMap<string, string>
  /** Bytes of its attachments, as the statement declares them, and its own. */
  readonly size: number
}

/** The body of a request with its media type. */
export interface OutgoingBody {
  readonly contentType: string
  readonly body: Buffer
}

/** Most bytes of statements and attachments in one request, unless a single statement has more. */
const longestRequest = 2 ** 22

const versionOf = ({ version }: Statement): Version =>
  typeof version === 'string' && version.startsWith('2.') ? '2.0.0' : '1.0.3'

const outgoing = (stored: StoredStatement): Outgoing => {
  // The store contains only validated statements.
  const statement = JSON.parse(stored.text) as Statement
  const attachments = new Map<string, string>()
  let size = stored.text.length
  for (const { attachment } of attachmentsOf(statement)) {
    const sha2 = attachment.sha2.toLowerCase()
    if (attachments.has(sha2)) continue
    attachments.set(sha2, attachment.contentType)
    size += Number.isSafeInteger(attachment.length) ? attachment.length : 0
  }
  return { stored, statement, version: versionOf(statement), attachments, size }
}

/** The statements that match one term of each condition. */
export const matching = (
  statements: readonly StoredStatement[],
  conditions: readonly (readonly Term[])[]
): readonly Outgoing[] =>
  statements.map(outgoing).filter(({ statement }) => {
    if (conditions.length === 0) return true
    const terms = everyTerm(statement)
    return conditions.every((any) => any.some((term) => terms.has(term)))
  })

/** Neighbours that fit into one request, in order: with the same version, and not too large together. */
export function* requestsOf(statements: readonly Outgoing[]): Generator<readonly Outgoing[]> {
  let run: Outgoing[] = []
  const runs: Outgoing[][] = []
  for (const each of statements) {
    if (run[0] === undefined || run[0].version !== each.version) {
      run = []
      runs.push(run)
    }
    run.push(each)
  }
  for (const each of runs) yield* groupsBySize(each, ({ size }) => size, longestRequest)
}

/** No part of a statement can end a header. */
const onOneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ')

/** The statements as JSON, every digit as it was sent. With attachments as multipart/mixed (Communication §1.5.2). */
export const bodyOf = async (
  statements: readonly Outgoing[],
  { attachments }: Pick<LrsStore, 'attachments'>
): Promise<OutgoingBody> => {
  const json = Buffer.from(`[${statements.map(({ stored }) => stored.text).join(',')}]`)
  const named = new Map(statements.flatMap((each) => [...each.attachments]))
  const parts: Uint8Array[] = []
  const boundary = `ralph-${randomUUID()}`
  if (named.size > 0) {
    for await (const { sha2, content } of attachments.read([...named.keys()])) {
      const head =
        `\r\n--${boundary}\r\nContent-Type: ${onOneLine(named.get(sha2) ?? 'application/octet-stream')}\r\n` +
        `Content-Transfer-Encoding: binary\r\nX-Experience-API-Hash: ${sha2}\r\n\r\n`
      parts.push(Buffer.from(head), content)
    }
  }
  if (parts.length === 0) return { contentType: 'application/json', body: json }
  const head = Buffer.from(`--${boundary}\r\nContent-Type: application/json\r\n\r\n`)
  return {
    contentType: `multipart/mixed; boundary=${boundary}`,
    body: Buffer.concat([head, json, ...parts, Buffer.from(`\r\n--${boundary}--\r\n`)])
  }
}
