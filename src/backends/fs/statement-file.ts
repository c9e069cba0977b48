import { isUtf8 } from 'node:buffer'
import { statSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { StoredStatement } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { adopt, withTimes } from '../../storage/adoption.ts'
import { createStatementIndex, type IndexRow, type StatementIndex } from '../../storage/memory-index/statement-index.ts'
import { createMetadataIndex, type MetadataIndex } from '../../xapi/descriptions.ts'
import type { Statement, StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import { type ByteRange, openOrCreate, read, readNow, writeFully } from './file.ts'
import { type Intent, withoutHalf } from './intent.ts'
import { eachLine, eachLineNow, type Line } from './lines.ts'

/** A statement that becomes a line. */
export interface NewLine {
  readonly id: StatementId
  readonly stored: Micros
  readonly statement: Statement
  readonly define: boolean
  /** As in `StatementBatch`. */
  readonly apart?: boolean | undefined
  readonly bytes: Buffer
}

/** The file of Python Ralph: one statement per line. The texts stay in the file, and the derived data is in memory. */
export interface StatementFile {
  readonly file: FileHandle
  readonly index: StatementIndex
  readonly metadata: MetadataIndex
  /** The position of the next line. */
  readonly end: number
  /** Whether the last line has no line feed, because another program did not finish it. */
  readonly unfinished: boolean
  /** Reads what other programs have appended. Throws `STORE_UNAVAILABLE` when the file was replaced. */
  takeInOthers(): void
  /** Prepares lines for the index, in steps. Readers do not see them before `takeIn`. */
  stage(lines: readonly NewLine[]): Yielding<void>
  /** The prepared lines are now in the file, one after another from `offset` on. */
  takeIn(lines: readonly NewLine[], offset: number): void
  read(rows: readonly IndexRow[]): Promise<StoredStatement[]>
  /** The length of its text, in bytes. */
  readonly lengthOf: (row: IndexRow) => number
  /** For jobs that must not wait. */
  statement(id: StatementId): Statement | undefined
  close(): Promise<void>
}

export interface StatementFileOptions {
  readonly path: string
  /** The commit that a crash may have interrupted. */
  readonly intent: Intent | undefined
  /** The `stored` values of statements without influence on descriptions. */
  readonly unlearned: ReadonlySet<Micros>
  /** From this `stored` on, descriptions are kept per Authority. It may become known later. */
  readonly apart: { readonly since: Micros }
  /** Called with each `stored` of a statement. */
  readonly passed: (stored: Micros) => void
  readonly warn: (message: string) => void
}

/** The number of broken lines that are named one by one. */
const maxWarnings = 20

const valueIn = (line: Buffer): unknown => {
  try {
    return isUtf8(line) ? JSON.parse(line.toString()) : undefined
  } catch {
    return undefined
  }
}

/** Empty, or with the line end of Windows. */
const isBlank = (line: Buffer): boolean => line.length === 0 || (line.length === 1 && line[0] === 0x0d)

/** Removes the lines of the last commit before a crash, unless all of them exist. */
const recover = async (file: FileHandle, intent: Intent): Promise<void> => {
  const { size } = await file.stat()
  if (size <= intent.offset) return
  const kept = withoutHalf(intent, await read(file, { offset: intent.offset, length: size - intent.offset }))
  if (kept === undefined) return
  await writeFully(file, kept, intent.offset)
  await file.truncate(intent.offset + kept.length)
  await file.datasync()
}

/** Neighbors in the file are read in one step, across gaps of up to this many bytes. */
const maxGap = 8192
const maxRead = 1024 * 1024

interface Stretch extends ByteRange {
  readonly rows: readonly IndexRow[]
}

/** Where the line of each row is. Two lists of numbers take less memory than one of objects. */
const createLinePlaces = () => {
  const offsets: number[] = []
  const lengths: number[] = []
  const of = (row: IndexRow): ByteRange => ({ offset: offsets[row] ?? 0, length: lengths[row] ?? 0 })
  return {
    count: () => offsets.length,
    of,
    add: ({ offset, length }: ByteRange): void => {
      offsets.push(offset)
      lengths.push(length)
    },
    /** What is read for these rows, each stretch in one step. */
    stretches: (rows: readonly IndexRow[]): Stretch[] => {
      const found: { offset: number; length: number; rows: IndexRow[] }[] = []
      for (const row of rows.toSorted((one, other) => (offsets[one] ?? 0) - (offsets[other] ?? 0))) {
        const { offset, length } = of(row)
        const last = found.at(-1)
        const gap = last === undefined ? 0 : offset - last.offset - last.length
        if (last !== undefined && gap <= maxGap && offset + length - last.offset <= maxRead) {
          last.length = offset + length - last.offset
          last.rows.push(row)
        } else found.push({ offset, length, rows: [row] })
      }
      return found
    }
  }
}

const damaged = (path: string): RalphError =>
  new RalphError('STORE_CORRUPT', `${path} is shorter than it was: restore it, then start again`, { path })

/** Returns a function that tells the size of the file. It throws when another file has its name. */
const sizeOf = async (file: FileHandle, path: string): Promise<() => number> => {
  const { ino, dev } = await file.stat()
  return () => {
    const present = statSync(path)
    if (present.ino === ino && present.dev === dev) return present.size
    throw new RalphError('STORE_UNAVAILABLE', `${path} was replaced by another file: start again`, { path })
  }
}

/** What is derived from the lines, in memory. */
interface Derived {
  readonly index: StatementIndex
  readonly metadata: MetadataIndex
  readonly places: ReturnType<typeof createLinePlaces>
  /** Rows of other programs: their texts lack the properties that an LRS sets. */
  readonly restamped: Set<IndexRow>
}

/** Takes in lines that any program may have written, and says which are ignored. */
const createLineReader = (
  { path, unlearned, apart, passed, warn }: StatementFileOptions,
  { index, metadata, places, restamped }: Derived
) => {
  let lineNumber = 0
  let broken = 0

  /** Reads a line with any content. `add` puts it into the index. Returns the reason if it is not a statement. */
  const readLine = ({ offset, bytes }: Line, add: StatementIndex['append']): string | undefined => {
    // The same time must result when the file is opened again, so it is computed without the clock.
    const judged = adopt(valueIn(bytes), { now: Number.POSITIVE_INFINITY, otherwise: 0 })
    if ('reason' in judged) return judged.reason
    const { id, stored, statement, lacksTimes, teaches } = judged
    if (index.row(id) !== undefined) return `the statement ${id} exists already`
    add({ id, stored, statement })
    if (lacksTimes) restamped.add(places.count())
    places.add({ offset, length: bytes.length })
    if (!teaches) warn(`${path}: the definitions of line ${lineNumber} are malformed and are ignored`)
    else if (statement.stored === undefined) metadata.add(statement, apart.since <= 0)
    else if (!unlearned.has(stored)) metadata.add(statement, stored >= apart.since)
    if (statement.stored !== undefined) passed(stored)
    return undefined
  }

  const takeIn = (line: Line, add: StatementIndex['append']): void => {
    lineNumber += 1
    const reason = isBlank(line.bytes) ? undefined : readLine(line, add)
    if (reason === undefined) return
    broken += 1
    if (broken <= maxWarnings) warn(`${path}: line ${lineNumber} is ignored: ${reason}`)
  }

  return {
    takeIn,
    /** Counts lines that were written here, or are left out. */
    skip: (count: number): void => {
      lineNumber += count
    },
    /** Warns of what was ignored without a warning of its own. */
    sumUp: (unfinished: boolean): void => {
      if (unfinished) warn(`${path}: the last line is ignored, because its writer did not finish it`)
      if (broken > maxWarnings) warn(`${path}: ${broken - maxWarnings} more lines are ignored`)
    }
  }
}

export const openStatementFile = async (options: StatementFileOptions): Promise<StatementFile> => {
  const { path, intent } = options
  const file = await openOrCreate(path)
  const derived: Derived = {
    index: createStatementIndex(),
    metadata: createMetadataIndex(),
    places: createLinePlaces(),
    restamped: new Set()
  }
  const { index, metadata, places, restamped } = derived
  const lines = createLineReader(options, derived)
  let end = 0
  let unfinished = false

  const open = async () => {
    if (intent !== undefined) await recover(file, intent)
    const { size } = await file.stat()
    unfinished = await eachLine(file, { offset: 0, length: size }, (line) => lines.takeIn(line, index.append))
    index.sort()
    end = size
    lines.sumUp(unfinished)
    return sizeOf(file, path)
  }
  const sizeNow = await open().catch(async (error: unknown) => {
    await file.close()
    throw error
  })

  return {
    file,
    index,
    metadata,
    get end() {
      return end
    },
    get unfinished() {
      return unfinished
    },
    takeInOthers: () => {
      const size = sizeNow()
      if (size < end) throw damaged(path)
      if (size === end) return
      const add: StatementIndex['append'] = (statement) => index.add([statement])
      // A line that was unfinished at the last read is ignored up to its end.
      const place = { offset: end, length: size - end }
      let skip = unfinished
      unfinished = eachLineNow(file, place, (line) => {
        if (skip) lines.skip(1)
        else lines.takeIn(line, add)
        skip = false
      })
      end = size
    },
    stage: function* (added) {
      yield* index.stage(added)
      for (const { define, apart: keptApart, statement } of added) {
        if (define) metadata.stage(statement, keptApart)
        yield
      }
    },
    takeIn: (added, offset) => {
      let at = offset
      for (const { bytes } of added) {
        places.add({ offset: at, length: bytes.length })
        at += bytes.length + 1
      }
      index.seal()
      metadata.seal()
      end = at
      lines.skip(added.length + (unfinished ? 1 : 0))
      unfinished = false
    },
    lengthOf: (row) => places.of(row).length,
    read: async (rows) => {
      const texts = new Map<IndexRow, string>()
      const readStretch = async (stretch: Stretch): Promise<void> => {
        const bytes = await read(file, stretch)
        if (bytes.length < stretch.length) throw damaged(path)
        for (const row of stretch.rows) {
          const { offset, length } = places.of(row)
          const from = offset - stretch.offset
          texts.set(row, bytes.toString('utf8', from, from + length))
        }
      }
      await Promise.all(places.stretches(rows).map(readStretch))
      return rows.map((row) => {
        const [stored, text = ''] = [index.stored(row), texts.get(row)]
        return { id: index.id(row), stored, text: restamped.has(row) ? withTimes(text, stored) : text }
      })
    },
    statement: (id) => {
      const row = index.row(id)
      if (row === undefined) return undefined
      const bytes = readNow(file, places.of(row))
      // It was adopted as a statement.
      return JSON.parse(bytes.toString()) as Statement
    },
    close: () => file.close()
  }
}
