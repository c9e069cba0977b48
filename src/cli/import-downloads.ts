import { createReadStream } from 'node:fs'
import type { ImportRecord, Imports } from '../contracts/imports.ts'

export interface DownloadedFile {
  /** The URL without its credentials. */
  readonly reference: string
  readonly path: string
  readonly name: string
}

/** Makes imports of what `ralph download` has fetched, and works on them. */
export interface DownloadImports {
  /** Takes the bytes of a file in, durably. */
  take(file: DownloadedFile): Promise<void>
  /** Works on all that was taken, one after the other. */
  work(onEnd: (record: ImportRecord) => void): Promise<void>
}

export const importDownloads = (imports: Imports, signal: AbortSignal): DownloadImports => {
  const taken: string[] = []
  return {
    take: async ({ reference, path, name }) => {
      const { id } = await imports.submit(
        {
          door: 'download',
          reference,
          filename: name,
          open: () => createReadStream(path, { highWaterMark: 2 ** 17 })
        },
        { signal, hold: true }
      )
      taken.push(id)
    },
    work: async (onEnd) => {
      for (const id of taken) onEnd(await imports.run(id, { signal }))
    }
  }
}
