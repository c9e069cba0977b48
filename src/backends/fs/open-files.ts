import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BackendContext } from '../../contracts/lrs-backend.ts'
import { createIncreasingClock, type IncreasingClock } from '../../durability/increasing-clock.ts'
import { lockStore, realPathOf } from '../../durability/process-lock.ts'
import { syncDirectory } from '../../durability/sync-directory.ts'
import { RalphError } from '../../errors.ts'
import { createCompactor } from './compact.ts'
import { openOrCreate } from './file.ts'
import { readIntent } from './intent.ts'
import { type Journal, openJournal } from './journal.ts'
import { applyEntry, createJournalState, type JournalState } from './journal-state.ts'
import { openStatementFile } from './statement-file.ts'
import type { TransactionFiles } from './transaction.ts'

export interface StoreOptions {
  readonly directory: string
  /** The name of the file of statements. */
  readonly file: string
}

/** The directory of the other data. Python Ralph skips it when it reads `*`. */
export const ownDirectory = '.lrs'
export const ownFiles = { journal: 'journal', attachments: 'attachments', intent: 'intent' } as const
/** The name that `lockStore` locks. */
export const lockName = 'store'

export interface Opened {
  readonly files: TransactionFiles
  readonly kept: JournalState
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

/** The error of Node is misleading: on a read-only file system it says that something is missing. */
const makeDirectory = async (directory: string): Promise<void> => {
  try {
    await mkdir(directory, { recursive: true })
  } catch (cause) {
    const advice = 'it cannot be created: check that the file system is writable and no part of the path is a file'
    throw new RalphError('STORE_FULL', `${directory}: ${advice}`, { path: directory }, { cause })
  }
}

/** Keeps other processes out of one store, until `close`. */
export const lockFiles = ({ directory, file }: StoreOptions) =>
  closingOnFailure(async (opened): Promise<void> => {
    const own = join(directory, ownDirectory)
    await makeDirectory(own)
    const lock = lockStore(join(own, lockName))
    opened(() => lock.release())
    // A file of statements that is a link belongs to another store too. Only one of them may write to it.
    const real = realPathOf(join(directory, file))
    const ownOfReal = join(dirname(real), ownDirectory)
    if (ownOfReal === realPathOf(own)) return
    await makeDirectory(ownOfReal)
    const lockOfReal = lockStore(join(ownOfReal, lockName))
    opened(() => lockOfReal.release())
  })

/** Opens the files of one store, which are locked. Creates the missing ones, and repairs them after a crash. */
export const openFiles = ({ directory, file }: StoreOptions, { clock, warn }: BackendContext) =>
  closingOnFailure(async (opened): Promise<Opened> => {
    const own = join(directory, ownDirectory)
    const times = createIncreasingClock(clock)
    const kept = createJournalState()
    const openOwn = async (name: string): Promise<Journal> => {
      const journal = await openJournal(join(own, name), (entry, range) => applyEntry(kept, times, entry, range), warn)
      opened(() => journal.file.close())
      return journal
    }
    const journal = await openOwn(ownFiles.journal)
    const attachments = await openOwn(ownFiles.attachments)
    await createCompactor(journal, kept, times, warn).compact()
    const intent = await openOrCreate(join(own, ownFiles.intent))
    opened(() => intent.close())
    const statements = await openStatementFile({
      path: join(directory, file),
      intent: await readIntent(intent),
      unlearned: kept.unlearned,
      apart: kept.apart,
      passed: times.passed,
      warn
    })
    opened(() => statements.close())
    // The announced batch is settled, so later changes of the file do not concern it.
    await intent.truncate(0)
    await intent.datasync()
    await syncDirectory(own)
    await syncDirectory(directory)
    return { files: { statements, journal, attachments, intent }, kept, times }
  })
