import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackendContext, BackendStatus, LrsStore } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { createGroupCommit, type JobOptions } from '../../durability/group-commit.ts'
import { createIncreasingClock, type IncreasingClock } from '../../durability/increasing-clock.ts'
import { lockStore } from '../../durability/process-lock.ts'
import { RalphError } from '../../errors.ts'
import { createDocumentIndex } from '../../xapi/document-index.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { createFsAttachments } from './attachments.ts'
import { createFsDocuments, type LocatedDocuments } from './documents.ts'
import { openOrCreate, type Place } from './file.ts'
import { readIntent } from './intent.ts'
import { type Entry, type Journal, openJournal, replaceJournal } from './journal.ts'
import { openStatementFile } from './statement-file.ts'
import { createInsert } from './statements.ts'
import { createTransaction, type StoreFiles } from './transaction.ts'
import { translateError } from './translate-error.ts'

/** The store of one target: one directory, one writer. */
export interface FsStore extends LrsStore {
  status(): Promise<BackendStatus>
  close(): Promise<void>
}

export interface StoreOptions {
  readonly directory: string
  /** Name of the file of the statements. */
  readonly file: string
}

/** What stands beside the statements: in a directory of its own, which Ralph passes over when it reads `*`. */
const ownDirectory = '.lrs'

/** What the journal says, all entries taken together. */
interface Kept {
  readonly documents: LocatedDocuments
  readonly attachments: Map<string, Place>
  readonly unlearned: Set<Micros>
}

const takeIn = (kept: Kept, times: IncreasingClock, entry: Entry, place: Place): void => {
  if ('put' in entry) {
    const { put, contentType, etag, updated } = entry
    kept.documents.set(put, { contentType, etag, updated, place })
    times.passed(updated)
  } else if ('delete' in entry) kept.documents.delete(entry.delete)
  else if ('attachment' in entry) kept.attachments.set(entry.attachment, place)
  else if ('unlearned' in entry) for (const stored of entry.unlearned) kept.unlearned.add(stored)
  else times.passed(entry.passed)
}

/** Below this many bytes of what nobody needs any more a journal is left as it is. */
const minWaste = 1024 * 1024

/** Writes the journal anew when most of it is no longer needed. */
const compact = async (path: string, journal: Journal, kept: Kept, times: IncreasingClock): Promise<Journal> => {
  const documents = [...kept.documents.all()]
  const attachments = [...kept.attachments]
  let needed = 0
  for (const [, { place }] of documents) needed += place.length + 256
  for (const [, place] of attachments) needed += place.length + 128
  if (journal.end - needed < Math.max(minWaste, journal.end / 2)) return journal
  const nowhere = { offset: 0, length: 0 }
  const entries: (readonly [Entry, Place])[] = [
    [{ passed: times.now() }, nowhere],
    [{ unlearned: [...kept.unlearned] }, nowhere]
  ]
  const first = entries.length
  for (const [put, { place, ...about }] of documents) entries.push([{ put, ...about, size: place.length }, place])
  for (const [attachment, place] of attachments) entries.push([{ attachment, size: place.length }, place])
  const { journal: fresh, places } = await replaceJournal(path, entries, journal)
  for (const [index, [key, document]] of documents.entries()) {
    kept.documents.set(key, { ...document, place: places[first + index] ?? nowhere })
  }
  for (const [index, [sha2]] of attachments.entries()) {
    kept.attachments.set(sha2, places[first + documents.length + index] ?? nowhere)
  }
  return fresh
}

interface Opened {
  readonly files: StoreFiles
  readonly kept: Kept
  readonly times: IncreasingClock
}

/** Closes what `work` has opened when a later step of it fails. */
const closingOnFailure = async <T>(
  work: (opened: (close: () => unknown) => void) => Promise<T>
): Promise<{ readonly value: T; readonly close: () => Promise<void> }> => {
  const closers: (() => unknown)[] = []
  const close = async (): Promise<void> => {
    for (let last = closers.pop(); last !== undefined; last = closers.pop()) await last()
  }
  try {
    return { value: await work((closer) => closers.push(closer)), close }
  } catch (error) {
    await close()
    throw error
  }
}

const openFiles = (options: StoreOptions, { clock, warn }: BackendContext) =>
  closingOnFailure(async (opened): Promise<Opened> => {
    const own = join(options.directory, ownDirectory)
    await mkdir(own, { recursive: true })
    const lock = lockStore(join(own, 'store'))
    opened(() => lock.release())
    const times = createIncreasingClock(clock)
    const kept: Kept = { documents: createDocumentIndex(), attachments: new Map(), unlearned: new Set() }
    const journalPath = join(own, 'journal')
    let journal = await openJournal(journalPath, (entry, place) => takeIn(kept, times, entry, place), warn)
    opened(() => journal.file.close())
    journal = await compact(journalPath, journal, kept, times)
    const intent = await openOrCreate(join(own, 'intent'))
    opened(() => intent.close())
    const statements = await openStatementFile({
      path: join(options.directory, options.file),
      intent: await readIntent(intent),
      unlearned: kept.unlearned,
      passed: times.passed,
      warn
    })
    opened(() => statements.close())
    // What it announced is settled: whatever happens to the file from now on is not its business.
    await intent.truncate(0)
    await intent.datasync()
    return { files: { statements, journal, intent }, kept, times }
  })

/**
 * Opens the store, made when it is not there. `STORE_IN_USE` when another process writes to it, `STORE_FULL` when it
 * cannot be written, `STORE_CORRUPT` when its own files are damaged.
 */
export const openStore = async (options: StoreOptions, context: BackendContext): Promise<FsStore> => {
  try {
    const { value, close } = await openFiles(options, context)
    return build(options, value, close)
  } catch (error) {
    throw translateError(error, options.directory)
  }
}

const build = (options: StoreOptions, { files, kept, times }: Opened, closeFiles: () => Promise<void>): FsStore => {
  const { statements, journal, intent } = files
  const { index, learned } = statements
  let closed = false
  const requireOpen = (): void => {
    if (closed) throw new RalphError('STORE_UNAVAILABLE', 'the store is closed')
  }

  const transaction = createTransaction(files)
  const documents = createFsDocuments(kept.documents, journal, transaction, times)
  const attachments = createFsAttachments(kept.attachments, journal, transaction, requireOpen)
  const insert = createInsert(statements, transaction, attachments, times)
  const settle = (): void => {
    documents.settle()
    attachments.settle()
  }
  const group = createGroupCommit({
    begin: transaction.begin,
    commit: async () => {
      await transaction.commit()
      settle()
    },
    rollback: () => {
      transaction.rollback()
      settle()
    }
  })

  /** Why the last write failed, while none has succeeded since. */
  let failure: unknown
  const write = async <T>(job: () => T, { signal }: CallOptions = {}, jobOptions: JobOptions = {}): Promise<T> => {
    requireOpen()
    signal?.throwIfAborted()
    try {
      const result = await group.run(job, { ...jobOptions, signal })
      failure = undefined
      return result
    } catch (error) {
      const translated = translateError(error, options.directory)
      if (translated !== error) failure = translated
      throw translated
    }
  }

  const readOnly = async <T>(work: () => T | Promise<T>, { signal }: CallOptions = {}): Promise<T> => {
    requireOpen()
    signal?.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      throw translateError(error, options.directory)
    }
  }

  /** Also finds out whether writing works. */
  const keepTime = (): Promise<void> => write(() => transaction.addEntry({ passed: times.now() }, undefined, () => {}))

  return {
    statements: {
      insert: (batch, options) => write(() => insert(batch), options, { refusesFirst: true }),
      find: (id, { voided }, options) =>
        readOnly(async () => {
          const row = index.row(id)
          return row === undefined || index.isVoided(row) !== voided ? undefined : (await statements.read([row]))[0]
        }, options),
      query: (query, options) =>
        readOnly(async () => {
          const { rows, more } = index.query(query)
          return { statements: await statements.read(rows), more }
        }, options),
      consistentThrough: (options) =>
        readOnly(() => {
          const earliest = transaction.earliest()
          return earliest === undefined ? times.now() : earliest - 1
        }, options),
      describe: ({ activities, verbs }, options) => readOnly(() => learned.describe(activities, verbs), options),
      agentNames: (identifier, options) => readOnly(() => learned.names(identifier), options)
    },
    attachments,
    documents: {
      get: (key, options) => readOnly(() => documents.get(key), options),
      change: (key, change, options) => write(() => documents.change(key, change), options, { refusesFirst: true }),
      ids: (scope, since, options) => readOnly(() => documents.ids(scope, since), options),
      clear: (scope, options) => write(() => documents.clear(scope), options)
    },
    status: async () => {
      if (closed) return { state: 'away', detail: 'the store is closed' }
      if (failure !== undefined) await keepTime().catch(() => {})
      if (failure === undefined) return { state: 'ok' }
      return { state: 'error', detail: failure instanceof Error ? failure.message : String(failure) }
    },
    close: async () => {
      if (closed) return
      // A promise of `consistentThrough` that no statement has overtaken must hold after a restart as well.
      const kept = keepTime().catch(() => {})
      closed = true
      await kept
      await group.close()
      await intent.truncate(0).catch(() => {})
      await closeFiles()
    }
  }
}
