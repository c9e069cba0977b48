import { ftruncateSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { Transactions } from '../../durability/group-commit.ts'
import type { Statement, StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { type Place, writeFully } from './file.ts'
import { intentOf, writeIntent } from './intent.ts'
import { type Entry, frameOf, type Journal } from './journal.ts'
import type { NewLine, StatementFile } from './statement-file.ts'

/** The files of one store. */
export interface StoreFiles {
  readonly statements: StatementFile
  readonly journal: Journal
  readonly intent: FileHandle
}

/** What the jobs of a group have done so far; nobody else sees it before it is durable. */
export interface Transaction extends Transactions {
  addStatements(lines: readonly NewLine[]): void
  /** `done` is told where the content is, once that is durable. */
  addEntry(entry: Entry, content: Uint8Array | undefined, done: (place: Place) => void): void
  /** A statement that was added. */
  statement(id: StatementId): Statement | undefined
  /** The first `stored` that is given out but not visible. */
  earliest(): Micros | undefined
}

interface AddedEntry {
  readonly entry: Entry
  readonly content?: Uint8Array
  readonly done: (place: Place) => void
}

const lineFeed = Buffer.from('\n')

/**
 * One group of jobs in two files. What stands beside the statements is made durable first, then the lines are appended:
 * once they are durable the group is committed. Lines of a batch are announced by an intent; if they are not all there
 * after a crash, they are taken back.
 */
export const createTransaction = ({ statements, journal, intent }: StoreFiles): Transaction => {
  let lines: NewLine[] = []
  let byId = new Map<StatementId, Statement>()
  let entries: AddedEntry[] = []
  let hasBatch = false
  /** Where the files must be cut back to before they may be written to again. */
  let cutTo: { readonly statements: number; readonly journal: number } | undefined

  const clear = (): void => {
    lines = []
    byId = new Map()
    entries = []
    hasBatch = false
  }

  const cutBack = (): void => {
    if (cutTo === undefined) return
    ftruncateSync(statements.file.fd, cutTo.statements)
    ftruncateSync(journal.file.fd, cutTo.journal)
    // The lines that it announces are not there: after a crash nothing is to be looked for.
    ftruncateSync(intent.fd, 0)
    cutTo = undefined
  }

  /** Returns where the contents of the entries are. */
  const writeEntries = async (): Promise<Place[]> => {
    if (entries.length === 0) return []
    const { bytes, contents } = frameOf(entries)
    await writeFully(journal.file, bytes, journal.end)
    await journal.file.datasync()
    const start = journal.end
    return entries.map(({ content }, index) => ({
      offset: start + (contents[index] ?? 0),
      length: content?.length ?? 0
    }))
  }

  /** A single statement is whole when its line is; only a batch needs its intent to outlive a power cut. */
  const announce = async (): Promise<void> => {
    if (lines.length === 0) return
    await writeIntent(
      intent,
      intentOf(
        statements.end,
        lines.map(({ bytes }) => bytes)
      )
    )
    if (hasBatch) await intent.datasync()
  }

  const append = async (): Promise<void> => {
    if (lines.length === 0) return
    const parts: Buffer[] = statements.unfinished ? [lineFeed] : []
    for (const { bytes } of lines) parts.push(bytes, lineFeed)
    await writeFully(statements.file, Buffer.concat(parts), statements.end)
    await statements.file.datasync()
  }

  return {
    begin: () => {
      cutBack()
      statements.takeInOthers()
    },
    commit: async () => {
      if (lines.length === 0 && entries.length === 0) return
      cutTo = { statements: statements.end, journal: journal.end }
      // Both are waited for, so that nothing is being written when the files are cut back.
      const [places, announced] = await Promise.allSettled([writeEntries(), announce()])
      if (places.status === 'rejected') throw places.reason
      if (announced.status === 'rejected') throw announced.reason
      await append()
      cutTo = undefined
      if (lines.length > 0) statements.takeIn(lines, statements.end + (statements.unfinished ? 1 : 0))
      const last = places.value.at(-1)
      if (last !== undefined) journal.end = last.offset + last.length
      for (const [index, { done }] of entries.entries()) done(places.value[index] ?? { offset: 0, length: 0 })
      clear()
    },
    rollback: () => {
      clear()
      try {
        cutBack()
      } catch {
        // A disk that cannot even be cut back: `begin` tries again, and refuses until it can.
      }
    },
    addStatements: (added) => {
      for (const line of added) byId.set(line.id, line.statement)
      lines.push(...added)
      hasBatch ||= added.length > 1
    },
    addEntry: (entry, content, done) => {
      entries.push({ entry, done, ...(content === undefined ? {} : { content }) })
    },
    statement: (id) => byId.get(id),
    earliest: () => lines[0]?.stored
  }
}
