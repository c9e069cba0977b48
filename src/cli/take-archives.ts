import { createReadStream } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { Imports } from '../contracts/imports.ts'
import type { MirroredArchive } from '../mirror/mirror-options.ts'
import { createQueue } from '../streams/one-at-a-time.ts'

/** The name for `ralph imports list --door`. */
const door = 'mirror'

export interface TakenArchives {
  /** Makes a durable import of an archive of the mirror, unless there is one with the same bytes. */
  take(archive: MirroredArchive): Promise<void>
  /** Processes the queued imports, one after the other, as long as one is due. */
  work(): Promise<void>
  /** Resolves when no import is being processed any more, whatever the result. */
  settled(): Promise<void>
}

/** Makes imports of the archives of a mirror. No other process does so, because the mirror locks its database. */
export const takeArchives = (imports: Imports, signal: AbortSignal): TakenArchives => {
  const inLine = createQueue()
  let working: Promise<void> | undefined

  /** An import that a killed process has begun to take in is removed and made again. */
  const forgetBegun = async (reference: string): Promise<void> => {
    const begun = await imports.list({ door, status: 'QUERYING', reference })
    for (const each of begun) {
      if (!each.isRunning) await imports.remove(each.id)
    }
  }

  const takeOne = async ({ archive, file }: MirroredArchive): Promise<void> => {
    const { id, stream, sha256 } = archive
    const reference = resolve(file)
    const found = sha256 === undefined ? [] : await imports.list({ door, sha256, limit: 1 })
    if (found.length > 0) return
    await forgetBegun(reference)
    await imports.submit(
      {
        door,
        reference,
        filename: basename(file),
        metadata: { archive: id, stream },
        sha256,
        open: () => createReadStream(file, { highWaterMark: 2 ** 17 })
      },
      { signal }
    )
  }

  return {
    // One after the other, so that of two archives with the same bytes only one is imported.
    take: (archive) => inLine(() => takeOne(archive)),
    work: () => {
      const run = async (): Promise<void> => {
        while (!signal.aborted && (await imports.runDue({ signal })) > 0);
      }
      working ??= run().finally(() => {
        working = undefined
      })
      return working
    },
    settled: async () => {
      // The caller of `work` gets its rejection.
      await working?.catch(() => {})
    }
  }
}
