import { ftruncateSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { inTurns, type Transactions } from '../../storage/batching/group-commit.ts'
import { countInheritance, type InheritanceCount } from '../../storage/memory-index/inheritance.ts'
import type { Statement, StatementId } from '../../xapi/statement.ts'
import { inheritableTerms } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { type ByteRange, writeFully } from './file.ts'
import { intentOf, writeIntent } from './intent.ts'
import { frameOf, type Journal, type JournalEntry, writeFrame } from './journal.ts'
import type { NewLine, StatementFile } from './statement-file.ts'

/** The files of one store. */
export interface TransactionFiles {
  readonly statements: StatementFile
  /** Documents, and notes about statements. */
  readonly journal: Journal
  /** The contents of attachments. They have a separate file, because none is ever removed. */
  readonly attachments: Journal
  readonly intent: FileHandle
}

/** The changes of a group of jobs so far. No reader sees them before they are durable. */
export interface Transaction extends Omit<Transactions, 'commit'> {
  /** Returns whether there was anything to make durable. */
  commit(): Promise<boolean>
  /** Adds one of `of` statements that are stored together or not at all. */
  addStatement(line: NewLine, of: number): void
  /** `done` gets the position of the content once it is durable. */
  addEntry(to: Journal, entry: JournalEntry, content?: Uint8Array, done?: (range: ByteRange) => void): void
  /** A statement that was added. */
  statement(id: StatementId): Statement | undefined
  /** Counts the terms that statements of the group inherit, from each other and from stored statements. */
  readonly inheritance: InheritanceCount
  /** The first `stored` that was given out but is not visible yet. */
  earliest(): Micros | undefined
}

interface AddedEntry {
  readonly entry: JournalEntry
  readonly content: Uint8Array
  readonly done: (range: ByteRange) => void
}

interface Ends {
  readonly statements: number
  readonly journals: readonly (readonly [Journal, end: number])[]
}

const lineFeed = Buffer.from('\n')
const nothing = Buffer.alloc(0)

/** Makes the entries of one journal durable. Returns the work that follows when the whole group is durable. */
const writeEntries = async (to: Journal, entries: readonly AddedEntry[]): Promise<() => void> => {
  const frame = await inTurns(frameOf(entries))
  await writeFrame(to.file, frame, to.end)
  await to.file.datasync()
  return () => {
    const start = to.end
    to.end += frame.length
    for (const [index, { content, done }] of entries.entries()) {
      done({ offset: start + (frame.contents[index] ?? 0), length: content.length })
    }
  }
}

/** A single statement is complete when its line is. Only the intent of a batch must survive a power failure. */
const announce = async (
  { statements, intent }: TransactionFiles,
  lines: readonly NewLine[],
  hasBatch: boolean
): Promise<undefined> => {
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

const append = async ({ statements }: TransactionFiles, lines: readonly NewLine[]): Promise<void> => {
  if (lines.length === 0) return
  const parts: Buffer[] = statements.unfinished ? [lineFeed] : []
  for (const { bytes } of lines) parts.push(bytes, lineFeed)
  await writeFully(statements.file, Buffer.concat(parts), statements.end)
  await statements.file.datasync()
}

/**
 * One group of jobs, in several files. The other files are made durable first. Then the lines are appended, and when they are durable the
 * group is committed. An intent announces the lines of a batch. If some of them are missing after a crash, all are removed.
 */
export const createTransaction = (files: TransactionFiles): Transaction => {
  const { statements, journal, attachments, intent } = files
  let lines: NewLine[] = []
  let byId = new Map<StatementId, Statement>()
  let added = new Map<Journal, AddedEntry[]>()
  let hasBatch = false
  /** The sizes to which the files must be truncated before the next write. */
  let cutTo: Ends | undefined

  const { index } = statements
  const inheritance = countInheritance({
    ...index,
    heritageOf: (id) => {
      const own = byId.get(id)
      return own === undefined ? index.heritageOf(id) : [...inheritableTerms(own)].map(index.keyOf)
    }
  })

  const clear = (): void => {
    inheritance.clear()
    lines = []
    byId = new Map()
    added = new Map()
    hasBatch = false
  }

  const cutBack = (): void => {
    if (cutTo === undefined) return
    ftruncateSync(statements.file.fd, cutTo.statements)
    for (const [{ file }, end] of cutTo.journals) ftruncateSync(file.fd, end)
    // The announced lines do not exist, so nothing must be looked for after a crash.
    ftruncateSync(intent.fd, 0)
    cutTo = undefined
  }

  return {
    begin: () => {
      cutBack()
      statements.takeInOthers()
    },
    commit: async () => {
      if (lines.length === 0 && added.size === 0) return false
      const journals = [journal, attachments].map((each) => [each, each.end] as const)
      cutTo = { statements: statements.end, journals }
      // Waits for all of them, so nothing is being written when the files are truncated.
      const settled = await Promise.allSettled([
        announce(files, lines, hasBatch),
        ...[...added].map(([to, entries]) => writeEntries(to, entries))
      ])
      for (const each of settled) if (each.status === 'rejected') throw each.reason
      await append(files, lines)
      cutTo = undefined
      // Not earlier, because staged lines cannot be taken back.
      await inTurns(statements.stage(lines))
      if (lines.length > 0) statements.takeIn(lines, statements.end + (statements.unfinished ? 1 : 0))
      for (const each of settled) if (each.status === 'fulfilled') each.value?.()
      clear()
      return true
    },
    rollback: () => {
      clear()
      try {
        cutBack()
      } catch {
        // If the disk does not even allow truncation, `begin` tries again and refuses until it succeeds.
      }
    },
    addStatement: (line, of) => {
      byId.set(line.id, line.statement)
      lines.push(line)
      hasBatch ||= of > 1
    },
    addEntry: (to, entry, content = nothing, done = () => {}) => {
      const entries = added.get(to)
      if (entries === undefined) added.set(to, [{ entry, content, done }])
      else entries.push({ entry, content, done })
    },
    statement: (id) => byId.get(id),
    inheritance,
    earliest: () => lines[0]?.stored
  }
}
