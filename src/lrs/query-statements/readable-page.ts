import { setImmediate } from 'node:timers/promises'
import type { StatementPage, StoredStatement } from '../../contracts/statement-store.ts'
import { maxPageSize, type StatementQuery } from '../../xapi/filters.ts'
import { identifierKeys } from '../../xapi/identifier.ts'
import { type Statement, type StatementId, targetOf } from '../../xapi/statement.ts'
import { inheritableTerms, type Term, termsOfQuery } from '../../xapi/terms.ts'
import type { Call } from '../call.ts'

/** What stands at one end of a StatementRef, for who may read it. */
interface Readable {
  readonly terms: ReadonlySet<Term>
  readonly target: StatementId | undefined
}

/** So many are looked at together once the first page has left out some. */
const nextLook = 64

/** Whether a statement is by this Authority. */
export const isBy = (statement: Statement, authority: string): boolean =>
  statement.authority !== undefined && [...identifierKeys(statement.authority)].includes(authority)

/** What a filter may ask of the statement itself or of what it refers to (Communication §2.1.3). */
const heritableTerms = ({ authority: _, ...filters }: StatementQuery): Term[] => termsOfQuery(filters)

/** Whether an answer can depend on what StatementRefs lead to. */
export const looksThroughReferences = (query: StatementQuery): boolean => heritableTerms(query).length > 0

/** A statement without a StatementRef matches by itself; a text may spell the word with escapes. */
const mayRefer = ({ text }: StoredStatement): boolean => text.includes('StatementRef') || text.includes('\\u')

const readableOf = (text: string, authority: string): Readable | undefined => {
  // The store holds only what was validated when it came in.
  const statement = JSON.parse(text) as Statement
  return isBy(statement, authority) ? { terms: inheritableTerms(statement), target: targetOf(statement) } : undefined
}

/** Finds targets, each once however many statements refer to it. */
const createTargets = ({ store: { statements }, signal }: Call, authority: string) => {
  const known = new Map<StatementId, Promise<Readable | undefined>>()
  const find = async (id: StatementId): Promise<Readable | undefined> => {
    const found =
      (await statements.find(id, { voided: false }, { signal })) ??
      (await statements.find(id, { voided: true }, { signal }))
    return found && readableOf(found.text, authority)
  }
  return (id: StatementId): Promise<Readable | undefined> => {
    const present = known.get(id) ?? find(id)
    known.set(id, present)
    return present
  }
}

/**
 * The page of a query that asks for the statements of one Authority, to a reader who may read no others. Stores answer
 * filters through every StatementRef; here only those count that lead to statements which the reader may read, so that
 * neither the page nor whether more follows says anything of others. The store is asked for his own statements only:
 * what is looked at in vain, he has stored himself.
 */
export const readablePage = async (call: Call, query: StatementQuery, authority: string): Promise<StatementPage> => {
  const wanted = heritableTerms(query)
  const targetWith = createTargets(call, authority)

  const matches = async (found: StoredStatement): Promise<boolean> => {
    if (!mayRefer(found)) return true
    const seen = new Set([found.id])
    let missing: readonly Term[] = wanted
    for (let at = readableOf(found.text, authority); at !== undefined; ) {
      const { terms, target }: Readable = at
      missing = missing.filter((term) => !terms.has(term))
      if (missing.length === 0) return true
      if (target === undefined || seen.has(target)) return false
      seen.add(target)
      at = await targetWith(target)
    }
    return false
  }

  const statements: StoredStatement[] = []
  let size = 0
  let after = query.after
  let limit = query.limit + 1
  for (;;) {
    call.signal.throwIfAborted()
    const page = await call.store.statements.query({ ...query, limit, ...(after && { after }) }, call)
    const judged = await Promise.all(page.statements.map(matches))
    for (const [at, found] of page.statements.entries()) {
      if (!judged[at]) continue
      size += Buffer.byteLength(found.text)
      const isFull = statements.length === query.limit || (statements.length > 0 && size > maxPageSize)
      if (isFull) return { statements, more: true }
      statements.push(found)
    }
    const last = page.statements.at(-1)
    if (!page.more || last === undefined) return { statements, more: false }
    after = { stored: last.stored, id: last.id }
    limit = Math.max(query.limit + 1 - statements.length, nextLook)
    // Some stores answer without a turn of the event loop: others must have theirs.
    await setImmediate()
  }
}
