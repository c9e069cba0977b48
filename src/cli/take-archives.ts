import { createReadStream } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { Imports } from '../contracts/imports.ts'
import type { MirroredArchive } from '../mirror/mirror-options.ts'
import { createQueue } from '../streams/one-at-a-time.ts'

/** Named as `ralph imports list --door` has it. */
const door = 'mirror'

export interface TakenArchives {
  /** Makes an import of an archive of the mirror, durably, unless there is one of the same bytes. */
  take(archive: MirroredArchive): Promise<void>
  /** Works on what was taken, one after the other, for as long as there is something that is due. */
  work(): Promise<void>
  /** Resolves when nothing is worked on any more, whatever became of it. */
  settled(): Promise<void>
}

/** Makes imports of the archives of a mirror. No other process does so: the mirror locks its database. */
export const takeArchives = (imports: Imports, signal: AbortSignal): TakenArchives => {
  const inLine = createQueue()
  let working: Promise<void> | undefined

  /** What a process has begun to take in that died; it is taken in anew. */
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
    // One after the other: of two archives with the same bytes one is imported.
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
      // Whoever called `work` is told what it rejects with.
      await working?.catch(() => {})
    }
  }
}
