import { createHash, hash } from 'node:crypto'
import { type Problem, RalphError } from '../errors.ts'
import { isObject } from '../json/values.ts'
import type { Attachment, Statement, StatementId } from './statement.ts'

/** The bytes of one attachment, and the lower-case hexadecimal digest that names them. */
export interface ReceivedAttachment {
  readonly sha2: string
  readonly content: Uint8Array
}

/** The sizes of SHA-2, by the number of hexadecimal digits. */
const algorithms: ReadonlyMap<number, string> = new Map([
  [56, 'sha224'],
  [64, 'sha256'],
  [96, 'sha384'],
  [128, 'sha512']
])

/** Bytes that are digested in one step. It takes a few milliseconds. */
const stride = 2 ** 20

/**
 * Whether the bytes have this SHA-2. Also false if `sha2` is not a SHA-2 digest. Other requests run after each `next`: digesting one large
 * request takes as long as hundreds of small requests.
 */
export function* compareDigest(sha2: string, content: Uint8Array): Generator<void, boolean> {
  const algorithm = algorithms.get(sha2.length)
  if (algorithm === undefined) return false
  const named = sha2.toLowerCase()
  if (content.byteLength <= stride) return hash(algorithm, content, 'hex') === named
  const digest = createHash(algorithm)
  for (let at = 0; at < content.byteLength; at += stride) {
    digest.update(content.subarray(at, at + stride))
    yield
  }
  return digest.digest('hex') === named
}

export interface PlacedAttachment {
  readonly attachment: Attachment
  /** JSON pointer into the statement. */
  readonly pointer: string
}

/** The attachments of the statement and of its SubStatement. */
export function* attachmentsOf(statement: Statement): Generator<PlacedAttachment> {
  for (const [at, attachment] of (statement.attachments ?? []).entries()) {
    yield { attachment, pointer: `/attachments/${at}` }
  }
  if (!('attachments' in statement.object)) return
  for (const [at, attachment] of (statement.object.attachments ?? []).entries()) {
    yield { attachment, pointer: `/object/attachments/${at}` }
  }
}

/** A missing part is reported for each attachment that needs it, up to this number. */
const mostProblems = 100

/**
 * Requires that the statements and the parts sent with them agree: each attachment has a part or a fileUrl, and each part has an attachment
 * (Communication §1.5.2). One part serves all attachments with its digest. `length` is not compared, because the digest decides. Statements
 * sent as plain JSON have no parts. `firstIndex` is the position of the first statement in the request. Throws `INVALID_ATTACHMENT`,
 * details: `problems`, `sha2`.
 */
export const requireAttachments = (
  statements: readonly Statement[],
  received: readonly ReceivedAttachment[],
  firstIndex = 0
): void => {
  const parts = new Set(received.map(({ sha2 }) => sha2.toLowerCase()))
  const named = new Set<string>()
  const missing: string[] = []
  const problems: Problem[] = []
  for (const [index, statement] of statements.entries()) {
    for (const { attachment, pointer } of attachmentsOf(statement)) {
      const sha2 = attachment.sha2.toLowerCase()
      named.add(sha2)
      if (parts.has(sha2) || attachment.fileUrl !== undefined) continue
      missing.push(sha2)
      const expected = `a part with X-Experience-API-Hash ${sha2}, or a fileUrl`
      if (problems.length < mostProblems) {
        problems.push({ index: firstIndex + index, pointer, rule: 'attachmentPart', expected })
      }
    }
  }
  const [problem] = problems
  if (problem !== undefined) {
    const message = `Statement ${problem.index} at ${problem.pointer}: expected ${problem.expected}.`
    throw new RalphError('INVALID_ATTACHMENT', message, { problems, sha2: [...new Set(missing)] })
  }
  const unnamed = [...parts].filter((sha2) => !named.has(sha2))
  if (unnamed.length > 0) {
    const message = `No attachment has the sha2 ${unnamed[0]} of a part that was sent.`
    throw new RalphError('INVALID_ATTACHMENT', message, { sha2: unnamed })
  }
}

const digestsIn = (attachments: unknown): string[] =>
  Array.isArray(attachments)
    ? attachments.flatMap((each: unknown) =>
        isObject(each) && typeof each.sha2 === 'string' ? [each.sha2.toLowerCase()] : []
      )
    : []

/** The digests that a value names, including those of its SubStatement. The value need not be a valid statement. */
export const namedDigests = (statement: unknown): ReadonlySet<string> => {
  if (!isObject(statement)) return new Set()
  const { object } = statement
  return new Set([...digestsIn(statement.attachments), ...digestsIn(isObject(object) ? object.attachments : undefined)])
}

/**
 * The name of a mark. A statement gets a mark if it named a digest and did not bring its bytes. A user who may read only that statement may
 * not read the bytes. The mark is stored as an attachment without bytes, under a name that no digest has. A statement without a mark has
 * brought all that it names.
 */
export const markOf = (id: StatementId, sha2: string): string => `${sha2}/${id}`

export const isMark = (name: string): boolean => name.includes('/')

/** The marks of statements that are new to a store. */
export const marksOf = (
  fresh: readonly { readonly id: StatementId; readonly withoutBytes?: readonly string[] }[]
): ReceivedAttachment[] =>
  fresh.flatMap(({ id, withoutBytes = [] }) =>
    withoutBytes.map((sha2) => ({ sha2: markOf(id, sha2), content: new Uint8Array(0) }))
  )
