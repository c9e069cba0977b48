import { createHash } from 'node:crypto'
import type { PageFrame, StoredStatement, TextPage } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { maxPageSize, type StatementQuery } from '../../xapi/filters.ts'
import { groupsBySize } from '../../xapi/groups.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Call } from '../call.ts'
import { createYielder } from '../yielding.ts'
import { findStatements } from './found-statements.ts'

/** A text that is too long to be kept in memory. */
export interface LongText {
  /** UTF-8, read from the store piece by piece. It can be read once. */
  readonly pieces: AsyncIterable<Buffer>
  /** The bytes of all pieces. */
  readonly length: number
  /** The bytes of the longest piece. */
  readonly longest: number
}

/** A page, and the digest of its text. */
export interface ExactPage extends Pick<TextPage, 'newest'> {
  readonly json: Buffer | LongText
  /** SHA-1 of the whole text. */
  readonly digest: string
}

/** An answer ends before its texts together exceed this many bytes; the rest follows on the next page. */
export const longestAnswer = 2 ** 24

/** What is kept of a statement until it is sent. */
interface Head {
  readonly id: StatementId
  readonly length: number
}

const comma = Buffer.from(',')

/** Groups of statements that are read and sent together. */
const together = (heads: readonly Head[]) => groupsBySize(heads, ({ length }) => length, maxPageSize)

const changed = (id: StatementId): RalphError =>
  new RalphError('STORE_UNAVAILABLE', `the statement ${id} changed while the answer was sent`)

/** Reads the same texts again, each with the same length. A statement never changes, and voided ones are still stored. */
const readAgain = async (call: Call, heads: readonly Head[]): Promise<readonly Buffer[]> => {
  const texts = new Map<StatementId, Buffer>()
  for (let left = heads.map(({ id }) => id); left.length > 0; left = left.filter((id) => !texts.has(id))) {
    call.signal.throwIfAborted()
    const { statements } = await call.store.statements.findAll(left, call)
    for (const { id, text } of statements) texts.set(id, Buffer.from(text))
    if (statements.length === 0) throw changed(left[0] ?? '')
  }
  return heads.map(({ id, length }) => {
    const text = texts.get(id)
    if (text?.length !== length) throw changed(id)
    return text
  })
}

/** `before`, then the texts with commas between them, then `after`. */
const framed = (before: Buffer, texts: readonly Buffer[], after: Buffer): Buffer[] => {
  const pieces = [before]
  for (const [at, text] of texts.entries()) {
    if (at > 0) pieces.push(comma)
    pieces.push(text)
  }
  pieces.push(after)
  return pieces
}

/**
 * A page of statements as they were sent. It may be longer than one page of the store. A short page is kept in memory. A long one
 * is read twice: first to find its end, its length and its digest for the headers, then while it is sent.
 */
export const readExactPage = async (
  call: Call,
  query: StatementQuery,
  frame: PageFrame,
  look: (statement: StoredStatement) => void
): Promise<ExactPage> => {
  const before = Buffer.from(frame.before)
  const hash = createHash('sha1').update(before)
  const turns = createYielder()
  const heads: Head[] = []
  let texts: Buffer[] | undefined = []
  let [size, more] = [0, false]
  const seen: { newest?: StoredStatement; last?: StoredStatement } = {}

  const fits = (length: number): boolean =>
    heads.length < query.limit && (heads.length === 0 || size + length <= longestAnswer)
  const take = (statement: StoredStatement, text: Buffer): void => {
    if (heads.length > 0) hash.update(comma)
    hash.update(text)
    heads.push({ id: statement.id, length: text.length })
    size += text.length
    if (heads.length === 1 || size <= maxPageSize) texts?.push(text)
    else texts = undefined
    if (seen.newest === undefined || statement.stored > seen.newest.stored) seen.newest = statement
    seen.last = statement
    look(statement)
  }

  walk: for await (const page of findStatements(call, query)) {
    more = page.more
    for (const statement of page.statements) {
      const text = Buffer.from(statement.text)
      if (!fits(text.length)) {
        more = true
        break walk
      }
      take(statement, text)
      await turns.rest()
    }
  }

  const { newest, last } = seen
  const after = Buffer.from(frame.after(more && last ? { stored: last.stored, id: last.id } : undefined))
  const about = { digest: hash.update(after).digest('hex'), newest: newest?.stored }
  if (texts !== undefined) return { ...about, json: Buffer.concat(framed(before, texts, after)) }

  const groups = [...together(heads)]
  async function* pieces(): AsyncGenerator<Buffer> {
    for (const [at, group] of groups.entries()) {
      const [start, end] = [at === 0 ? before : comma, at === groups.length - 1 ? after : Buffer.alloc(0)]
      yield Buffer.concat(framed(start, await readAgain(call, group), end))
    }
  }
  const around = before.length + after.length
  return {
    ...about,
    json: {
      pieces: pieces(),
      length: around + size + heads.length - 1,
      longest: around + Math.max(...groups.map((group) => group.reduce((sum, { length }) => sum + length + 1, 0)))
    }
  }
}
