import type { Clock } from '../../contracts/clock.ts'
import type {
  AttachmentContent,
  AttachmentStore,
  CallOptions,
  InsertReport,
  StatementBatch,
  StatementPage,
  StoredStatement
} from '../../contracts/statement-store.ts'
import type { StoreCopy } from '../../contracts/store-copy.ts'
import type { Rewriting, StoreRewriting } from '../../contracts/store-rewriting.ts'
import { createIncreasingClock } from '../../durability/increasing-clock.ts'
import { createGroupCommit } from '../../storage/batching/group-commit.ts'
import type { EngineStore } from '../../storage/follow.ts'
import { separateKnown } from '../../storage/known-statements.ts'
import { countInheritance } from '../../storage/memory-index/inheritance.ts'
import {
  createStatementIndex,
  type IndexRow,
  rowsOf,
  type StatementIndex
} from '../../storage/memory-index/statement-index.ts'
import { marksOf } from '../../xapi/attachments.ts'
import { createMetadataIndex, type MetadataIndex } from '../../xapi/descriptions.ts'
import { fitting } from '../../xapi/filters.ts'
import type { Statement, StatementId } from '../../xapi/statement.ts'
import { textPageOf } from '../../xapi/text-page.ts'
import { formatMicros, type Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'

interface Arrival extends StoredStatement {
  readonly statement: Statement
}

/** An index cannot forget, so another one takes its place. */
const indexWithout = function* (
  all: readonly StoredStatement[],
  { removed, rewritten }: Rewriting
): Yielding<{ readonly index: StatementIndex; readonly texts: string[] }> {
  const gone = new Set([...removed, ...rewritten.map(({ id }) => id)])
  const index = createStatementIndex()
  const texts: string[] = []
  for (const { id, stored, text } of [...all.filter((each) => !gone.has(each.id)), ...rewritten]) {
    // Only validated statements are stored.
    yield* index.stage([{ id, stored, statement: JSON.parse(text) as Statement }])
    texts.push(text)
  }
  index.seal()
  return { index, texts }
}

const keep = (contents: Map<string, Uint8Array>, attachments: readonly AttachmentContent[]): void => {
  for (const { sha2, content } of attachments) {
    if (!contents.has(sha2)) contents.set(sha2, Uint8Array.from(content))
  }
}

const attachmentsIn = (contents: ReadonlyMap<string, Uint8Array>, requireOpen: () => void): AttachmentStore => ({
  read: async function* (sha2s, options) {
    for (const sha2 of new Set(sha2s)) {
      requireOpen()
      options?.signal?.throwIfAborted()
      const content = contents.get(sha2)
      if (content !== undefined) yield { sha2, content }
    }
  }
})

/** What is stored. Statements are seen once the index has them. A rewriting replaces the index and the texts. */
interface Kept {
  index: StatementIndex
  readonly metadata: MetadataIndex
  texts: string[]
  readonly contents: Map<string, Uint8Array>
}

const textOf = ({ texts }: Kept, row: IndexRow): string => texts[row] ?? ''

const storedAt = (kept: Kept, row: IndexRow): StoredStatement => ({
  id: kept.index.id(row),
  stored: kept.index.stored(row),
  text: textOf(kept, row)
})

const statementIn = (kept: Kept, id: StatementId): Statement | undefined => {
  const row = kept.index.row(id)
  // Only validated statements are stored.
  return row === undefined ? undefined : (JSON.parse(textOf(kept, row)) as Statement)
}

/** Removes what a rewriting removes, and stores again what it keeps. */
function* forget(kept: Kept, wanted: Rewriting): Yielding<void> {
  const all = kept.index.everything(undefined, Number.POSITIVE_INFINITY).rows.map((row) => storedAt(kept, row))
  const { index, texts } = yield* indexWithout(all, wanted)
  kept.index = index
  kept.texts = texts
  for (const sha2 of wanted.attachments) kept.contents.delete(sha2)
  kept.metadata.forget(wanted)
}

/** A batch is staged first. Readers see it when all of it is stored. */
const createWriter = (kept: Kept, clock: Clock) => {
  const { metadata, contents } = kept
  const times = createIncreasingClock(clock)

  /** The statements that are staged. */
  let staged = new Map<StatementId, Statement>()
  /** The first `stored` among them. */
  let earliest: Micros | undefined

  const seal = (): void => {
    kept.index.seal()
    metadata.seal()
    staged = new Map()
    earliest = undefined
  }

  const group = createGroupCommit({
    begin: () => {},
    commit: seal,
    // Jobs refuse a batch before they stage anything.
    rollback: () => {
      earliest = undefined
    }
  })

  const statementOf = (id: StatementId): Statement | undefined => staged.get(id) ?? statementIn(kept, id)

  /** It cannot fail, because staged statements cannot be taken back. */
  const stage = function* (arrivals: readonly Arrival[]): Yielding<void> {
    yield* kept.index.stage(arrivals)
    for (const { id, statement, text } of arrivals) {
      staged.set(id, statement)
      kept.texts.push(text)
    }
  }

  const insert = function* (batch: StatementBatch): Yielding<InsertReport> {
    const { statements, attachments, define, apart, ownOnly, inheritance } = batch
    const { fresh, already } = yield* separateKnown(statements, statementOf, ownOnly)
    yield* countInheritance(kept.index).add(fresh, inheritance)
    const stored: Arrival[] = []
    for (const { id, statement, textAt } of fresh) {
      const time = times.next()
      earliest ??= time
      stored.push({ id, statement, stored: time, text: textAt(formatMicros(time)) })
      yield
    }
    yield* stage(stored)
    if (define) {
      for (const { statement } of stored) {
        metadata.stage(statement, apart)
        yield
      }
    }
    keep(contents, [...attachments, ...marksOf(fresh)])
    return { inserted: fresh.map(({ id }) => id), already }
  }

  const restore = function* (
    restored: readonly StoredStatement[],
    attachments: readonly AttachmentContent[]
  ): Yielding<InsertReport> {
    const fresh: Arrival[] = []
    const already: StatementId[] = []
    for (const { id, stored, text } of restored) {
      // A statement from another store was validated there.
      if (statementOf(id) === undefined) fresh.push({ id, stored, text, statement: JSON.parse(text) as Statement })
      else already.push(id)
      yield
    }
    yield* stage(fresh)
    for (const { statement, stored } of fresh) {
      metadata.stage(statement)
      times.passed(stored)
      yield
    }
    keep(contents, attachments)
    return { inserted: fresh.map(({ id }) => id), already }
  }

  const rewrite = function* (wanted: Rewriting): Yielding<void> {
    seal()
    yield* forget(kept, wanted)
    for (const { stored } of wanted.rewritten) times.passed(stored)
  }

  return {
    insert: (batch: StatementBatch, options?: CallOptions) =>
      group.runInSteps(() => insert(batch), { refusesFirst: true, signal: options?.signal }),
    restore: (restored: readonly StoredStatement[], attachments: readonly AttachmentContent[], options?: CallOptions) =>
      group.runInSteps(() => restore(restored, attachments), { refusesFirst: true, signal: options?.signal }),
    rewrite: (wanted: Rewriting, options?: CallOptions) =>
      group.runInSteps(() => rewrite(wanted), { refusesFirst: true, signal: options?.signal }),
    consistentThrough: (): Micros => (earliest === undefined ? times.now() : earliest - 1)
  }
}

export const createMemoryStatements = (
  clock: Clock,
  requireOpen: () => void
): {
  readonly statements: EngineStore['statements']
  readonly attachments: AttachmentStore
  readonly copy: Pick<StoreCopy, 'statements' | 'restoreStatements'>
  readonly rewriting: StoreRewriting
} => {
  const kept: Kept = { index: createStatementIndex(), metadata: createMetadataIndex(), texts: [], contents: new Map() }
  const { metadata, contents } = kept
  const writer = createWriter(kept, clock)

  const read = async <T>(work: () => T, options: CallOptions | undefined): Promise<T> => {
    requireOpen()
    options?.signal?.throwIfAborted()
    return work()
  }

  /** As many statements as fit into a page. A UTF-16 unit has three bytes at most. */
  const pageOf = ({ rows, more }: { readonly rows: readonly IndexRow[]; readonly more: boolean }): StatementPage => {
    const count = fitting(rows.map((row) => textOf(kept, row).length * 3))
    return { statements: rows.slice(0, count).map((row) => storedAt(kept, row)), more: more || count < rows.length }
  }

  const statements: EngineStore['statements'] = {
    insert: async (batch, options) => {
      requireOpen()
      return writer.insert(batch, options)
    },
    find: (id, { voided }, options) =>
      read(() => {
        const row = kept.index.row(id)
        return row !== undefined && kept.index.isVoided(row) === voided ? storedAt(kept, row) : undefined
      }, options),
    findAll: (ids, options) => read(() => pageOf({ rows: rowsOf(kept.index, ids), more: false }), options),
    query: (query, options) => read(() => pageOf(kept.index.query(query)), options),
    queryText: async (query, frame, options) => textPageOf(await statements.query(query, options), frame),
    consistentThrough: (options) => read(writer.consistentThrough, options),
    describe: ({ activities, verbs }, options) => read(() => metadata.describe(activities, verbs), options),
    agentNames: (identifier, options) => read(() => metadata.names(identifier), options)
  }

  const copy: Pick<StoreCopy, 'statements' | 'restoreStatements'> = {
    statements: (after, limit, options) => read(() => pageOf(kept.index.everything(after, limit)), options),
    restoreStatements: async (restored, attachments, options) => {
      requireOpen()
      return writer.restore(restored, attachments, options)
    }
  }

  const rewriting: StoreRewriting = {
    rewrite: async (wanted, options) => {
      requireOpen()
      return writer.rewrite(wanted, options)
    },
    purge: async () => []
  }
  return { statements, attachments: attachmentsIn(contents, requireOpen), copy, rewriting }
}
