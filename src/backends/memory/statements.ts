import type { Clock } from '../../contracts/clock.ts'
import type {
  AttachmentContent,
  AttachmentStore,
  StatementPage,
  StatementStore,
  StoredStatement
} from '../../contracts/statement-store.ts'
import type { StoreCopy } from '../../contracts/store-copy.ts'
import { createIncreasingClock } from '../../durability/increasing-clock.ts'
import { marksOf } from '../../xapi/attachments.ts'
import { fitting } from '../../xapi/filters.ts'
import { createLearned } from '../../xapi/learned.ts'
import type { Statement, StatementId } from '../../xapi/statement.ts'
import { createStatementIndex, type Row, separateKnown } from '../../xapi/statement-index.ts'
import { textPageOf } from '../../xapi/text-page.ts'
import { formatMicros } from '../../xapi/timestamp.ts'

/** Every call does its work at once: a batch is whole, because nobody can look before it is. */
export const createMemoryStatements = (
  clock: Clock,
  requireOpen: () => void
): {
  readonly statements: StatementStore
  readonly attachments: AttachmentStore
  readonly copy: Pick<StoreCopy, 'statements' | 'restoreStatements'>
} => {
  const times = createIncreasingClock(clock)
  const index = createStatementIndex()
  const learned = createLearned()
  const texts: string[] = []
  const contents = new Map<string, Uint8Array>()

  const textOf = (row: Row): string => texts[row] ?? ''
  const storedStatement = (row: Row): StoredStatement => ({
    id: index.id(row),
    stored: index.stored(row),
    text: textOf(row)
  })

  const statementOf = (id: StatementId): Statement | undefined => {
    const row = index.row(id)
    // Only what was validated before it was stored is kept.
    return row === undefined ? undefined : (JSON.parse(textOf(row)) as Statement)
  }

  /** As many as fit into a page; a UTF-16 unit is three bytes at most. */
  const pageOf = ({ rows, more }: { readonly rows: readonly Row[]; readonly more: boolean }): StatementPage => {
    const count = fitting(rows.map((row) => textOf(row).length * 3))
    return { statements: rows.slice(0, count).map(storedStatement), more: more || count < rows.length }
  }
  const keep = (attachments: readonly AttachmentContent[]): void => {
    for (const { sha2, content } of attachments) {
      if (!contents.has(sha2)) contents.set(sha2, Uint8Array.from(content))
    }
  }

  const statements: StatementStore = {
    insert: async ({ statements, attachments, define, apart, ownOnly }, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      const { fresh, already } = separateKnown(statements, statementOf, ownOnly)
      const stored = fresh.map((each) => ({ ...each, stored: times.next() }))
      const newTexts = stored.map((each) => each.textAt(formatMicros(each.stored)))
      index.add(stored)
      for (const text of newTexts) texts.push(text)
      if (define) for (const { statement } of stored) learned.learn(statement, apart)
      keep([...attachments, ...marksOf(fresh)])
      return { inserted: fresh.map(({ id }) => id), already }
    },
    find: async (id, { voided }, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      const row = index.row(id)
      return row !== undefined && index.isVoided(row) === voided ? storedStatement(row) : undefined
    },
    query: async (query, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      return pageOf(index.query(query))
    },
    queryText: async (query, frame, options) => textPageOf(await statements.query(query, options), frame),
    consistentThrough: async (options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      return times.now()
    },
    describe: async ({ activities, verbs }, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      return learned.describe(activities, verbs)
    },
    agentNames: async (identifier, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      return learned.names(identifier)
    }
  }

  const attachments: AttachmentStore = {
    read: async function* (sha2s, options) {
      for (const sha2 of new Set(sha2s)) {
        requireOpen()
        options?.signal?.throwIfAborted()
        const content = contents.get(sha2)
        if (content !== undefined) yield { sha2, content }
      }
    }
  }

  const copy: Pick<StoreCopy, 'statements' | 'restoreStatements'> = {
    statements: async (after, limit, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      return pageOf(index.everything(after, limit))
    },
    restoreStatements: async (restored, attachments, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      const fresh = restored.filter(({ id }) => index.row(id) === undefined)
      // What was stored elsewhere was validated there.
      const parsed = fresh.map((each) => ({ ...each, statement: JSON.parse(each.text) as Statement }))
      index.add(parsed)
      for (const { text, statement, stored } of parsed) {
        texts.push(text)
        learned.learn(statement)
        times.passed(stored)
      }
      keep(attachments)
      const inserted = new Set(fresh.map(({ id }) => id))
      return { inserted: [...inserted], already: restored.map(({ id }) => id).filter((id) => !inserted.has(id)) }
    }
  }

  return { statements, attachments, copy }
}
