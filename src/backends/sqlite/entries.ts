import type { Micros } from '../../xapi/timestamp.ts'
import { type Block, blocksOf, valuesOf } from './blocks.ts'
import type { Connection } from './connect.ts'
import type { TermId } from './term-ids.ts'

/**
 * Writes the sorted lists of statements, one per term. What the statements of one transaction add is gathered and
 * written as one block per term: lists of terms that are in every statement would else cost a row each time.
 */
export interface Entries {
  /** The newest statement has the term. */
  add(term: TermId, stored: Micros): void
  /** A statement that may be an old one, and may have the term already, has the term. */
  addLate(term: TermId, stored: Micros): void
  /** Writes what was added; to be called before the transaction is committed. */
  flush(): void
  discard(): void
}

/** Puts a value into its place among sorted ones; false when it is there. */
const insertSorted = (values: Micros[], value: Micros): boolean => {
  let at = values.length
  while (at > 0 && (values[at - 1] ?? 0) > value) at -= 1
  if (values[at - 1] === value) return false
  values.splice(at, 0, value)
  return true
}

export const createEntries = (connection: Connection): Entries => {
  const insert = connection.prepare('INSERT INTO entry (term, first, rest) VALUES (?, ?, ?)')
  const remove = connection.prepare('DELETE FROM entry WHERE term = ? AND first = ?')
  const blockBefore = connection.prepare<[...Block]>(
    'SELECT first, rest FROM entry WHERE term = ? AND first <= ? ORDER BY first DESC LIMIT 1'
  )
  let gathered = new Map<TermId, Micros[]>()
  /** All statements of this transaction are as new or newer. */
  let oldest = Number.POSITIVE_INFINITY

  const write = (term: TermId, values: readonly Micros[]): void => {
    for (const [first, rest] of blocksOf(values)) insert.run(term, first, rest)
  }

  const addWritten = (term: TermId, stored: Micros): void => {
    const block = blockBefore.get(term, stored)
    const values = block ? valuesOf(block) : []
    if (block && stored <= (values.at(-1) ?? 0)) {
      if (!insertSorted(values, stored)) return
      remove.run(term, block[0])
      write(term, values)
    } else write(term, [stored])
  }

  const gather = (term: TermId, stored: Micros): void => {
    const values = gathered.get(term)
    if (values) insertSorted(values, stored)
    else gathered.set(term, [stored])
  }

  return {
    add: (term, stored) => {
      if (stored < oldest) oldest = stored
      gather(term, stored)
    },
    addLate: (term, stored) => {
      if (stored < oldest) addWritten(term, stored)
      else gather(term, stored)
    },
    flush: () => {
      for (const [term, values] of gathered) write(term, values)
      gathered = new Map()
      oldest = Number.POSITIVE_INFINITY
    },
    discard: () => {
      gathered = new Map()
      oldest = Number.POSITIVE_INFINITY
    }
  }
}
