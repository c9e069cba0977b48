import { type FileHandle, open, rm } from 'node:fs/promises'
import type { Rewriting } from '../../contracts/store-rewriting.ts'
import { realPathOf } from '../../durability/process-lock.ts'
import { putInPlace } from '../../durability/write-whole.ts'
import { onOneLine } from '../../json/exact.ts'
import { isObject } from '../../json/values.ts'
import { normalId, type StatementId } from '../../xapi/statement.ts'
import { type ByteRange, read, writeFully } from './file.ts'
import { type Journal, type JournalEntry, replaceJournal } from './journal.ts'
import { linesIn } from './lines.ts'

const portion = 2 ** 20
const lineFeed = Buffer.from('\n')

/** The lines of a file, some at a time. The last line of all has no line feed if its writer did not finish it. */
async function* linesOf(
  file: FileHandle
): AsyncGenerator<{ readonly lines: readonly Buffer[]; readonly rest: Buffer }> {
  let rest: Buffer = Buffer.alloc(0)
  for (let offset = 0; ; ) {
    const bytes = await read(file, { offset, length: portion })
    offset += bytes.length
    const found = linesIn(Buffer.concat([rest, bytes]))
    rest = found.rest
    const isEnd = bytes.length < portion
    yield { lines: found.lines, rest: isEnd ? rest : lineFeed.subarray(1) }
    if (isEnd) return
  }
}

/** Undefined: the line has no id, so that it is not a statement. */
const idIn = (line: Buffer): StatementId | undefined => {
  try {
    const value: unknown = JSON.parse(line.toString())
    return isObject(value) && typeof value.id === 'string' ? normalId(value.id) : undefined
  } catch {
    return undefined
  }
}

const writeLines = async (
  from: FileHandle,
  to: FileHandle,
  { removed, rewritten }: Pick<Rewriting, 'removed' | 'rewritten'>
): Promise<void> => {
  const gone = new Set(removed)
  const waiting = new Map(rewritten.map(({ id, text }) => [id, text]))
  const replaced = new Set(waiting.keys())
  let end = 0
  const write = async (lines: readonly (string | Buffer)[]): Promise<void> => {
    const bytes = Buffer.concat(
      lines.flatMap((line) => [typeof line === 'string' ? Buffer.from(line) : line, lineFeed])
    )
    await writeFully(to, bytes, end)
    end += bytes.length
  }
  for await (const { lines, rest } of linesOf(from)) {
    const kept: (string | Buffer)[] = []
    for (const line of [...lines, ...(rest.length > 0 ? [rest] : [])]) {
      const id = idIn(line)
      if (id === undefined || !(gone.has(id) || replaced.has(id))) kept.push(line)
      const text = id === undefined ? undefined : waiting.get(id)
      // Another line with the same id counts for nothing, and says the same of the person.
      if (id === undefined || text === undefined) continue
      kept.push(onOneLine(text))
      waiting.delete(id)
    }
    await write(kept)
  }
  await write([...waiting.values()].map(onOneLine))
}

/**
 * Writes the file of statements anew. The old file stays until the new one is whole and durable. Nobody may write to it meanwhile, other
 * programs neither: what they append would be lost.
 */
export const rewriteStatementFile = async (path: string, rewriting: Rewriting): Promise<void> => {
  if (rewriting.removed.length + rewriting.rewritten.length === 0) return
  const real = realPathOf(path)
  const fresh = `${real}.new`
  const from = await open(real, 'r')
  try {
    const to = await open(fresh, 'w', (await from.stat()).mode & 0o777)
    try {
      await writeLines(from, to, rewriting)
      await to.sync()
    } finally {
      await to.close()
    }
    await putInPlace(fresh, real)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  } finally {
    await from.close()
  }
}

/** Writes the journal of attachments anew, without some. */
export const forgetAttachments = async (
  journal: Journal,
  present: Map<string, ByteRange>,
  sha2s: readonly string[]
): Promise<void> => {
  const gone = new Set(sha2s.filter((sha2) => present.has(sha2)))
  if (gone.size === 0) return
  const kept = [...present].filter(([sha2]) => !gone.has(sha2))
  const entries = kept.map(([attachment, range]): readonly [JournalEntry, ByteRange] => [
    { attachment, size: range.length },
    range
  ])
  await replaceJournal(journal, entries, (ranges) => {
    for (const sha2 of gone) present.delete(sha2)
    for (const [at, [sha2]] of kept.entries()) {
      const range = ranges[at]
      if (range !== undefined) present.set(sha2, range)
    }
  })
}
