import { randomUUID } from 'node:crypto'
import { RalphError } from '../../errors.ts'
import type {
  ChangedStatement,
  Lookup,
  NewStatement,
  PresentStatement,
  Round,
  RoundEngine,
  Turn
} from '../../rounds/engine.ts'
import { type Token, tokenOf } from '../../rounds/tokens.ts'
import type { Statement, StatementId } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { insertAttachments } from './attachments.ts'
import { begin, commit, type Database, type Session } from './connect.ts'
import { describe, learn } from './descriptions.ts'
import { listOf, tokenKey } from './keys.ts'
import { prepare, type Query, type Value } from './query-text.ts'

/** Who holds it is the only writer of the target, of all processes; it is let go when the transaction ends, or dies. */
const lockTarget = prepare<ProgressRow>(
  'lock_target',
  'SELECT last, writer, xmin::text FROM target WHERE number = $1 FOR UPDATE'
)

/** `version` is another one after each round, of whichever process. */
type ProgressRow = readonly [last: Micros, writer: string | null, version: string]

const saveProgress = prepare('save_progress', 'UPDATE target SET last = $2, writer = $3 WHERE number = $1')

type FoundRow = readonly [
  id: StatementId,
  /** Of the statement that refers to `id`; the other columns are null then. */
  referrer: StatementId | null,
  stored: Micros,
  object: StatementId | null,
  voiding: boolean,
  voided: boolean,
  inherited: string | null,
  text: string
]

const lookUp = prepare<FoundRow>(
  'look_up',
  `SELECT id, NULL::uuid, stored, object, voiding, voided, inherited, text
   FROM statement WHERE target = $1 AND id = ANY ($2::uuid[])
   UNION ALL
   SELECT object, id, NULL, NULL, NULL, NULL, NULL, NULL
   FROM statement WHERE target = $1 AND object = ANY ($2::uuid[]) AND object IS NOT NULL`
)

// The texts come as one piece of UTF-8: as an array each quote in them would have to be written as two characters.
const insertStatements = prepare(
  'insert_statements',
  `INSERT INTO statement (target, stored, id, object, voided, voiding, inherited, text)
   SELECT $1, stored, id, object, voided, voiding, inherited, convert_from(substr($8::bytea, start, length), 'UTF8')
   FROM unnest($2::bigint[], $3::uuid[], $4::uuid[], $5::boolean[], $6::boolean[], $7::text[], $9::integer[], $10::integer[])
     AS new (stored, id, object, voided, voiding, inherited, start, length)`
)

// Sorted: neighbours in the index are written one after the other.
const insertEntries = prepare(
  'insert_entries',
  `INSERT INTO entry (target, token, stored, id)
   SELECT $1, token, ($2::bigint[])[at], ($3::uuid[])[at] FROM unnest($4::uuid[], $5::integer[]) AS new (token, at)
   ORDER BY token, at`
)

const changeStatements = prepare(
  'change_statements',
  `UPDATE statement
   SET voided = changed.voided, inherited = nullif(concat_ws(' ', statement.inherited, nullif(changed.added, '')), '')
   FROM unnest($2::uuid[], $3::boolean[], $4::text[]) AS changed (id, voided, added)
   WHERE statement.target = $1 AND statement.id = changed.id`
)

const deleteEntries = prepare(
  'delete_entries',
  `DELETE FROM entry USING (
     SELECT token, ($2::bigint[])[at] AS stored, ($3::uuid[])[at] AS id
     FROM unnest($4::uuid[], $5::integer[]) AS gone (token, at)
   ) AS gone
   WHERE entry.target = $1 AND entry.token = gone.token AND entry.stored = gone.stored AND entry.id = gone.id`
)

const ownTokens = (statement: Statement): Set<Token> => {
  const tokens = new Set<Token>()
  for (const term of inheritableTerms(statement)) tokens.add(tokenOf(term))
  for (const term of ownTerms(statement)) tokens.add(tokenOf(term))
  return tokens
}

const presentOf = ([id, , stored, object, voiding, voided, inherited, text]: FoundRow): PresentStatement => {
  // It was validated before it was stored.
  const tokens = ownTokens(JSON.parse(text) as Statement)
  for (const token of inherited?.split(' ') ?? []) tokens.add(token)
  return { id, stored, text, tokens: [...tokens], target: object ?? undefined, voiding, voided }
}

const lookupOf = (rows: readonly FoundRow[]): Lookup => {
  const present = new Map<StatementId, PresentStatement>()
  const referrers = new Map<StatementId, StatementId[]>()
  for (const row of rows) {
    const [id, referrer] = row
    if (referrer === null) present.set(id, presentOf(row))
    else {
      const others = referrers.get(id)
      if (others === undefined) referrers.set(id, [referrer])
      else others.push(referrer)
    }
  }
  return { present, referrers }
}

const inheritedOf = ({ tokens, target, statement }: NewStatement): string | null => {
  if (target === undefined) return null
  const own = ownTokens(statement)
  return tokens.filter((token) => !own.has(token)).join(' ') || null
}

/** As an array of texts that hold letters, digits and spaces. */
const textsOf = (texts: readonly (string | null)[]): string =>
  listOf(texts.map((text) => (text === null ? null : `"${text}"`)))

const writeStatements = (target: number, statements: readonly NewStatement[]): Query<never> => {
  const texts = statements.map(({ text }) => Buffer.from(text))
  let end = 1
  const starts = texts.map(({ length }) => {
    end += length
    return end - length
  })
  return insertStatements(
    target,
    listOf(statements.map(({ stored }) => stored)),
    listOf(statements.map(({ id }) => id)),
    listOf(statements.map(({ target: object }) => object ?? null)),
    listOf(statements.map(({ voided }) => voided)),
    listOf(statements.map(({ voiding }) => voiding)),
    textsOf(statements.map(inheritedOf)),
    Buffer.concat(texts),
    listOf(starts),
    listOf(texts.map(({ length }) => length))
  )
}

interface Listed {
  readonly id: StatementId
  readonly stored: Micros
  readonly tokens: readonly Token[]
}

/** Each token with the place of its statement in the list: what statements have once is sent once. */
const entriesOf = (target: number, all: readonly Listed[]): Value[] => {
  const keys: string[] = []
  const places: number[] = []
  for (const [index, { tokens }] of all.entries()) {
    for (const token of tokens) {
      keys.push(tokenKey(token))
      places.push(index + 1)
    }
  }
  return [
    target,
    listOf(all.map(({ stored }) => stored)),
    listOf(all.map(({ id }) => id)),
    listOf(keys),
    listOf(places)
  ]
}

const writeChanges = (target: number, changed: readonly ChangedStatement[]): Query<never>[] => {
  if (changed.length === 0) return []
  const gone = changed.filter(({ voided }) => voided)
  const update = changeStatements(
    target,
    listOf(changed.map(({ id }) => id)),
    listOf(changed.map(({ voided }) => voided)),
    textsOf(changed.map(({ added }) => added.join(' ')))
  )
  return gone.length === 0 ? [update] : [update, deleteEntries(...entriesOf(target, gone))]
}

/** All that a round writes, in the order in which it is sent, all at once. */
const writesOf = (target: number, writer: string, round: Round): Query<never>[] => {
  const { last, statements, changed, attachments } = round
  const listed: Listed[] = []
  for (const each of statements) if (!each.voided) listed.push(each)
  for (const { id, stored, added, voided } of changed) {
    if (!voided && added.length > 0) listed.push({ id, stored, tokens: added })
  }
  return [
    saveProgress(target, last, writer),
    ...(statements.length === 0 ? [] : [writeStatements(target, statements)]),
    ...(listed.length === 0 ? [] : [insertEntries(...entriesOf(target, listed))]),
    ...writeChanges(target, changed),
    ...learn(target, round),
    ...insertAttachments(target, attachments)
  ]
}

/** States in which a transaction that has changed nothing may begin again: see translate-error.ts. */
const mayBeginAgain = (error: unknown): boolean => {
  if (!(error instanceof RalphError) || error.code !== 'STORE_UNAVAILABLE') return false
  const { state } = error.details
  // Without a state: the connection was lost.
  return state === undefined || state === '57P01' || isUndone(error)
}

/** The server has undone a transaction for another's sake. */
const isUndone = (error: unknown): boolean =>
  error instanceof RalphError && (error.details.state === '40001' || error.details.state === '40P01')

const attempts = 3

export const createEngine = (database: Database, target: number): RoundEngine => {
  /** Of this process; another one after a failure, which may have been written for all that is known. */
  let writer: string = randomUUID()

  /** Begins a transaction that holds the lock, once more where a connection turned out to be dead. */
  const start = async (): Promise<{ readonly session: Session; readonly row: ProgressRow }> => {
    for (let attempt = 1; ; attempt += 1) {
      const session = await database.session()
      try {
        const [, [row]] = await session.run<[never, ProgressRow]>(begin, lockTarget(target))
        if (row === undefined) throw new RalphError('STORE_CORRUPT', 'the target was removed from the database')
        return { session, row }
      } catch (error) {
        session.release(false)
        if (attempt === attempts || !mayBeginAgain(error)) throw error
      }
    }
  }

  return {
    begin: async () => {
      const { session: first, row } = await start()
      const [last, lastWriter, version] = row
      /** Undefined: its transaction has ended. */
      let session: Session | undefined = first

      const run = async (queries: readonly Query<never>[]): Promise<void> => {
        if (session === undefined) throw new RalphError('INTERNAL', 'the turn is over')
        await session.run(...queries)
      }
      const ask = async <Row extends readonly unknown[]>(query: Query<Row>): Promise<readonly Row[]> => {
        if (session === undefined) throw new RalphError('INTERNAL', 'the turn is over')
        return (await session.run<[Row]>(query))[0]
      }
      const end = (endedWell: boolean): void => {
        session?.release(endedWell)
        session = undefined
      }

      /** Again from the start, if nobody has come in between: what was planned is still right then. */
      const writeAgain = async (queries: readonly Query<never>[], failure: unknown): Promise<void> => {
        end(false)
        const again = await start()
        session = again.session
        if (again.row[2] !== version) throw failure
        await run(queries)
      }

      const turn: Turn = {
        last,
        undisturbed: lastWriter === writer,
        unfinished: [],
        lookUp: async (ids) => lookupOf(await ask(lookUp(target, listOf(ids)))),
        describe: (iris) => describe(ask, target, iris),
        write: async (round) => {
          const queries = [...writesOf(target, writer, round), commit]
          try {
            await run(queries).catch((error: unknown) => {
              if (!isUndone(error)) throw error
              return writeAgain(queries, error)
            })
            end(true)
          } catch (error) {
            writer = randomUUID()
            throw error
          }
        },
        end: async () => end(false)
      }
      return turn
    }
  }
}
