import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { type BlockRow, rowsOf, valuesOf } from './blocks.ts'
import type { Connection } from './connect.ts'
import { bytesOfId } from './id-bytes.ts'
import { createPostingsReader, type Effort, type PlaceList, placesOf, union } from './postings.ts'
import { createRecentIndex, placeIn } from './recent-index.ts'
import type { TermId } from './term-ids.ts'
import type { Participant } from './transaction.ts'

/**
 * Finds statements by id and by term. Ids and terms have no order in time, so each single write would cost a page of the file. So the
 * newest statements are indexed in memory and moved to the tables together. A crash loses nothing: `progress.indexed` says from where `add`
 * must be called again when the store is opened.
 */
export interface IndexTables extends Participant {
  find(id: StatementId): Micros | undefined
  /** The statements with a term. It may include statements that arrive later. */
  open(term: TermId, ascending: boolean, effort: Effort): PlaceList
  /** The statement is most often the newest one. */
  add(id: StatementId, stored: Micros, terms: readonly TermId[]): void
  /** Adds a term to a statement. The statement may be old, and may have the term already. */
  addTerm(term: TermId, stored: Micros): void
  /** Removes a statement that is in the tables, with its own and its inherited terms. */
  remove(id: StatementId, stored: Micros, terms: readonly TermId[]): void
  /** Whether any statement has the term. */
  isUsed(term: TermId): boolean
  /** The last statement in the tables. */
  indexed(): Micros
  /** After the next commit nothing is only in memory. */
  moveAll(): void
  /** At the next commit everything so far goes into the tables. */
  moveOnce(): void
}

/** This many ids are sorted in a few milliseconds. */
const fewIds = 5000

/** Many ids are sorted in parts, because sorting them at once would take long. */
const inOrder = (ids: ReadonlyMap<StatementId, Micros>): Iterable<StatementId> =>
  ids.size > fewIds ? inParts(ids.keys()) : [...ids.keys()].sort()

function* inParts(ids: Iterable<StatementId>): Generator<StatementId> {
  const parts = Map.groupBy(ids, (id) => id.slice(0, 2))
  for (const start of [...parts.keys()].sort()) yield* (parts.get(start) ?? []).sort()
}

/** Writes the lists of statements that have a term. */
const createBlocks = (connection: Connection) => {
  const insertBlock = connection.prepare('INSERT INTO entry (term, first, rest) VALUES (?, ?, ?)')
  const removeBlock = connection.prepare('DELETE FROM entry WHERE term = ? AND first = ?')
  const anyBlock = connection.prepare<[one: number]>('SELECT 1 FROM entry WHERE term = ? LIMIT 1')
  const blockBefore = connection.prepare<[...BlockRow]>(
    'SELECT first, rest FROM entry WHERE term = ? AND first <= ? ORDER BY first DESC LIMIT 1'
  )

  const write = (term: TermId, values: readonly Micros[]): void => {
    for (const [first, rest] of rowsOf(values)) insertBlock.run(term, first, rest)
  }

  const addToTable = (term: TermId, stored: Micros): void => {
    const block = blockBefore.get(term, stored)
    const values = block ? valuesOf(block) : []
    const at = placeIn(values, stored)
    if (values[at] === stored) return
    if (block && at < values.length) {
      // Blocks must not overlap, so this one is written again.
      values.splice(at, 0, stored)
      removeBlock.run(term, block[0])
      write(term, values)
    } else write(term, [stored])
  }

  const removeFromTable = (term: TermId, stored: Micros): void => {
    const block = blockBefore.get(term, stored)
    if (block === undefined) return
    const values = valuesOf(block)
    const at = placeIn(values, stored)
    if (values[at] !== stored) return
    values.splice(at, 1)
    removeBlock.run(term, block[0])
    write(term, values)
  }

  return { write, addToTable, removeFromTable, isThere: (term: TermId) => anyBlock.get(term) !== undefined }
}

/** `maxInMemory`: how many statements are indexed only in memory. */
export const createIndexTables = (connection: Connection, maxInMemory: number): IndexTables => {
  let kept = maxInMemory
  let isToMove = false
  const insertId = connection.prepare('INSERT INTO identity (id, stored) VALUES (?, ?)')
  const selectId = connection.prepare<[stored: Micros]>('SELECT stored FROM identity WHERE id = ?')
  const removeId = connection.prepare('DELETE FROM identity WHERE id = ?')
  const saveIndexed = connection.prepare('UPDATE progress SET indexed = ?')
  const { write, addToTable, removeFromTable, isThere } = createBlocks(connection)
  const postings = createPostingsReader(connection)
  const recent = createRecentIndex()
  let indexed = connection.prepare<[indexed: Micros]>('SELECT indexed FROM progress').get()?.[0] ?? 0
  /** The last statement in the tables after the commit. */
  let moved: Micros | undefined

  return {
    find: (id) => recent.ids.get(id) ?? selectId.get(bytesOfId(id))?.[0],
    open: (term, ascending, effort) => {
      const inTable = postings.open(term, ascending, effort)
      const inMemory = recent.terms.get(term)
      // A copy, because the query may still run when everything has been moved.
      return inMemory ? union([inTable, placesOf(inMemory, ascending)]) : inTable
    },
    add: (id, stored, terms) => {
      if (stored <= indexed) {
        // It was restored from another store, and is older than the existing statements.
        insertId.run(bytesOfId(id), stored)
        for (const term of terms) addToTable(term, stored)
        return
      }
      recent.addId(id, stored)
      for (const term of terms) recent.addTerm(term, stored)
    },
    addTerm: (term, stored) => {
      if (stored <= indexed) addToTable(term, stored)
      else recent.addTerm(term, stored)
    },
    indexed: () => indexed,
    moveAll: () => {
      kept = 0
    },
    moveOnce: () => {
      isToMove = true
    },
    remove: (id, stored, terms) => {
      removeId.run(bytesOfId(id))
      for (const term of new Set(terms)) removeFromTable(term, stored)
    },
    isUsed: (term) => recent.has(term) || isThere(term),
    finish: function* () {
      if (recent.ids.size <= (isToMove ? 0 : kept)) return
      for (const id of inOrder(recent.ids)) {
        insertId.run(bytesOfId(id), recent.ids.get(id) ?? 0)
        yield
      }
      const terms = yield* recent.termsToBe()
      for (const term of [...terms.keys()].sort((one, other) => one - other)) {
        write(term, terms.get(term) ?? [])
        yield
      }
      moved = indexed
      for (const stored of recent.ids.values()) moved = Math.max(moved, stored)
      saveIndexed.run(moved)
    },
    settle: () => {
      isToMove = false
      if (moved === undefined) return recent.settle()
      indexed = moved
      moved = undefined
      recent.clear()
    },
    discard: () => {
      moved = undefined
      recent.discard()
    }
  }
}
