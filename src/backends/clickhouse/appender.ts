import { lengthOf, type Rows } from './row-binary.ts'

/**
 * Inserts into one table. While one insert is in progress, the rows of all callers are collected for the next one. Every insert makes a
 * part that must be merged later, and ClickHouse handles few large inserts far better than many small ones.
 */
export interface Appender {
  /** Appends rows in RowBinary. Resolves when all of them are stored, and rejects when perhaps none of them is. */
  append(rows: Rows): Promise<void>
}

/** Bytes of one insert. More rows wait for the next one. */
const most = 2 ** 26

interface Waiting {
  readonly rows: Rows
  resolve(): void
  reject(reason: unknown): void
}

/** `insert` sends the rows of several appends as one block. */
export const createAppender = (insert: (rows: Rows) => Promise<void>): Appender => {
  let waiting: Waiting[] = []
  let busy = false

  const take = (): Waiting[] => {
    let size = 0
    const end = waiting.findIndex(({ rows }, index) => {
      size += lengthOf(rows)
      return index > 0 && size > most
    })
    const taken = end === -1 ? waiting : waiting.slice(0, end)
    waiting = end === -1 ? [] : waiting.slice(end)
    return taken
  }

  const work = async (): Promise<void> => {
    busy = true
    while (waiting.length > 0) {
      const taken = take()
      try {
        await insert(taken.flatMap(({ rows }) => rows))
        for (const { resolve } of taken) resolve()
      } catch (error) {
        for (const { reject } of taken) reject(error)
      }
    }
    busy = false
  }

  return {
    append: async (rows) => {
      if (rows.length === 0) return
      await new Promise<void>((resolve, reject) => {
        waiting.push({ rows, resolve, reject })
        if (!busy) work()
      })
    }
  }
}

/** The inserts of all batches of a database. */
export interface Appenders {
  readonly statement: Appender
  readonly entry: Appender
  readonly change: Appender
  readonly description: Appender
  readonly attachment: Appender
  readonly document: Appender
}
