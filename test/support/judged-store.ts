import type { Test } from 'tap'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import type {
  InsertReport,
  StatementBatch,
  StatementPage,
  StoredStatement
} from '../../src/contracts/statement-store.ts'
import { RalphError } from '../../src/errors.ts'
import type { Position } from '../../src/xapi/filters.ts'
import type { Statement, StatementId } from '../../src/xapi/statement.ts'
import type { Micros } from '../../src/xapi/timestamp.ts'
import { asQuery, createOracle, type Oracle, type Question } from './oracle.ts'
import { aBatch, idOf } from './statements.ts'

/** A voided or a not voided one. */
export const findAny = async (store: LrsStore, id: StatementId): Promise<StoredStatement | undefined> =>
  (await store.statements.find(id, { voided: false })) ?? (await store.statements.find(id, { voided: true }))

/** A store beside the oracle that says what it should answer. What they disagree in is thrown. */
export interface JudgedStore {
  readonly store: LrsStore
  readonly oracle: Oracle
  /** Into both, as one batch; undefined when it was refused. */
  insert(...statements: Statement[]): Promise<InsertReport | undefined>
  /** All pages of the answer, checked against the oracle's. */
  ask(question: Question): Promise<StatementId[]>
  /** When this statement was stored. */
  storedAt(statement: Pick<Statement, 'id'>): Promise<Micros>
}

const lastOf = (statements: readonly StoredStatement[]): StoredStatement => {
  const last = statements.at(-1)
  if (last === undefined) throw new Error('an empty page says that more follows')
  return last
}

const positionOf = ({ stored, id }: StoredStatement): Position => ({ stored, id })

const same = (actual: unknown, expected: unknown, what: string): void => {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (one !== other) throw new Error(`${what}: the store says ${one}, the oracle ${other}`)
}

const insertInto = async (store: LrsStore, batch: StatementBatch): Promise<InsertReport | undefined> => {
  try {
    return await store.statements.insert(batch)
  } catch (error) {
    if (error instanceof RalphError && error.code === 'STATEMENT_CONFLICT') return undefined
    throw error
  }
}

interface Walk {
  readonly betweenPages?: () => Promise<unknown>
  /** Some of the statements are large. */
  readonly mayEndEarly?: boolean
}

/** Every page, from the first to that which says that nothing follows. */
async function* pagesOf(
  store: LrsStore,
  question: Question,
  { betweenPages = async () => {}, mayEndEarly = false }: Walk
): AsyncGenerator<StatementPage> {
  const query = asQuery(question)
  for (let after = query.after; ; ) {
    const page = await store.statements.query(after === undefined ? query : { ...query, after })
    const { statements, more } = page
    if (statements.length > query.limit) throw new Error(`a page of ${statements.length} with limit ${query.limit}`)
    if (more && statements.length < query.limit && !mayEndEarly)
      throw new Error('a page that is not full says that more follows')
    yield page
    if (!more) return
    after = positionOf(lastOf(statements))
    await betweenPages()
  }
}

/** The statements of every page. */
export const allPages = async (store: LrsStore, question: Question, walk: Walk = {}): Promise<StoredStatement[]> => {
  const all: StoredStatement[] = []
  for await (const { statements } of pagesOf(store, question, walk)) all.push(...statements)
  return all
}

export const judged = (store: LrsStore): JudgedStore => {
  const oracle = createOracle()
  let latest: Micros = Number.NEGATIVE_INFINITY
  const storedAt = async (statement: Pick<Statement, 'id'>): Promise<Micros> => {
    const found = await findAny(store, idOf(statement))
    if (found === undefined) throw new Error(`${statement.id} is not there`)
    return found.stored
  }
  return {
    store,
    oracle,
    storedAt,
    insert: async (...statements) => {
      const report = await insertInto(store, aBatch(...statements))
      const expected = oracle.insert(statements)
      same(report, expected, 'insert')
      for (const id of report?.inserted ?? []) {
        const stored = await storedAt({ id })
        if (stored <= latest) throw new Error(`${id} was stored at ${stored}, after one stored at ${latest}`)
        latest = stored
        oracle.setStored(id, stored)
      }
      return report
    },
    ask: async (question) => {
      const pages: StatementPage[] = []
      for await (const page of pagesOf(store, question, {})) pages.push(page)
      const found = pages.flatMap(({ statements }) => statements.map(({ id }) => id))
      const expected = oracle.query(question)
      same(found, expected, `query ${JSON.stringify(question)}`)
      const { statements, more } = pages[0] ?? { statements: [], more: false }
      const asked = () =>
        store.statements.queryText(asQuery(question), {
          before: '[',
          after: (end) => `]${JSON.stringify(end ?? null)}`
        })
      // A store may keep what it was asked for: the second answer counts.
      await asked()
      const { json, newest, end } = await asked()
      same(
        Buffer.from(json).toString(),
        `[${statements.map(({ text }) => text).join()}]${JSON.stringify(end ?? null)}`,
        `texts of ${JSON.stringify(question)}`
      )
      same(end, more ? positionOf(lastOf(statements)) : undefined, 'where the text page ends')
      same(newest ?? 0, Math.max(0, ...statements.map(({ stored }) => stored)), 'the newest of the text page')
      same(more, expected.length > statements.length, `more of ${JSON.stringify(question)}`)
      return found
    }
  }
}

/** Statements by names, so that answers can be read. */
export const byName = async <Name extends string>(
  t: Test,
  store: LrsStore,
  statements: Readonly<Record<Name, Statement>>,
  insert: 'together' | 'oneByOne' = 'oneByOne'
) => {
  const subject = judged(store)
  const named = Object.entries<Statement>(statements)
  if (insert === 'together') await subject.insert(...named.map(([, statement]) => statement))
  else for (const [, statement] of named) await subject.insert(statement)
  const names = new Map(named.map(([name, statement]) => [idOf(statement), name]))
  return {
    ...subject,
    /** Oldest first; the oracle must say the same as the test. */
    finds: async (question: Question, expected: readonly Name[], message = JSON.stringify(question)) => {
      const ids = await subject.ask({ ...question, ascending: true })
      t.same(
        ids.map((id) => names.get(id) ?? id),
        expected,
        message
      )
    }
  }
}
