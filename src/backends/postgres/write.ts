import type { ChangedStatement, NewStatement, WriteBatch } from '../../storage/batching/engine.ts'
import type { Token } from '../../storage/batching/tokens.ts'
import { groupsBySize } from '../../xapi/groups.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { insertAttachments } from './attachments.ts'
import { leanTokens } from './compact-tokens.ts'
import { writeDescriptions } from './descriptions.ts'
import { listOf, tokenKey } from './keys.ts'
import { ownTokens } from './look-up.ts'
import { prepare, type Query, type Value } from './query-text.ts'
import { removalsOf } from './removal.ts'

const saveProgress = prepare('save_progress', 'UPDATE target SET last = $2, writer = $3 WHERE number = $1')

// The texts are sent as one block of UTF-8. In an array each quote in them would need two characters.
const insertStatements = prepare(
  'insert_statements',
  `INSERT INTO statement (target, stored, id, object, voided, voiding, inherited, text)
   SELECT $1, stored, id, object, voided, voiding, inherited, convert_from(substr($8::bytea, start, length), 'UTF8')
   FROM unnest($2::bigint[], $3::uuid[], $4::uuid[], $5::boolean[], $6::boolean[], $7::text[], $9::integer[], $10::integer[])
     AS new (stored, id, object, voided, voiding, inherited, start, length)`
)

// Sorted, so neighbors in the index are written one after the other.
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

const inheritedOf = ({ tokens, target, statement }: NewStatement): string | null => {
  if (target === undefined) return null
  const own = ownTokens(statement)
  return tokens.filter((token) => !own.has(token)).join(' ') || null
}

/** An array of texts that contain only letters, digits and spaces. */
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

/** Each token with the position of its statement in the list. The data of a statement is sent once. */
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

/** Characters of the texts that one SQL statement sends. */
const mostText = 2 ** 21

/** All writes of a batch, in the order in which they are sent. A large one is made when it is sent. */
export function* writesOf(target: number, writer: string, batch: WriteBatch): Generator<Query<never>> {
  const { last, statements, changed, attachments, removal } = batch
  const listed: Listed[] = []
  for (const { id, stored, statement, tokens, voided } of statements) {
    if (!voided) listed.push({ id, stored, tokens: leanTokens(statement, tokens) })
  }
  for (const { id, stored, added, voided } of changed) {
    if (!voided && added.length > 0) listed.push({ id, stored, tokens: added })
  }
  yield saveProgress(target, last, writer)
  if (removal !== undefined) {
    if (removal.statements.length > 0) yield deleteEntries(...entriesOf(target, removal.statements))
    yield* removalsOf(target, removal)
  }
  for (const some of groupsBySize(statements, ({ text }) => text.length, mostText)) yield writeStatements(target, some)
  if (listed.length > 0) yield insertEntries(...entriesOf(target, listed))
  yield* writeChanges(target, changed)
  yield* writeDescriptions(target, batch)
  yield* insertAttachments(target, attachments)
}
