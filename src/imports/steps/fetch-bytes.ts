import { createReadStream } from 'node:fs'
import { RalphError } from '../../errors.ts'
import type { ImportsContext } from '../context.ts'
import { atStart, type KeptImport, nothingCounted, type WantedUrl } from '../kept.ts'
import { stage } from './stage.ts'

/** Fetches the bytes of a URL into staging. Resolves with the new record, which no longer has the URL. */
export const fetchBytes = async (
  kept: KeptImport,
  wanted: WantedUrl,
  signal: AbortSignal,
  { urls, staging, settings }: Pick<ImportsContext, 'urls' | 'staging' | 'settings'>
): Promise<KeptImport> => {
  if (urls === undefined) throw new RalphError('UNSUPPORTED_OPERATION', 'this process does not fetch URLs for imports')
  const { id, filename } = kept
  await staging.prepare(id)
  return urls.fetch(wanted, { directory: staging.fetchedOf(id), signal }, async ({ path, name }) => {
    const { sha256, size } = await stage(createReadStream(path, { highWaterMark: 2 ** 17 }), {
      path: staging.fileOf(id),
      maxSize: settings.maxSize,
      sha256: wanted.sha256,
      signal
    })
    return {
      ...kept,
      status: 'VALIDATING',
      wanted: undefined,
      filename: name || filename,
      sha256,
      size,
      isStaged: true
    }
  })
}

/** Copies an original from the file store into staging. The import begins again. */
export const recall = async (
  kept: KeptImport,
  signal: AbortSignal,
  { originals, staging, settings }: Pick<ImportsContext, 'originals' | 'staging' | 'settings'>
): Promise<KeptImport> => {
  const { id, original = '', sha256 } = kept
  if (originals === undefined) {
    throw new RalphError(
      'INVALID_SETTING',
      `the original of the import ${id} is in a file store: set RALPH_STORE__TARGET to the value it had then`
    )
  }
  await staging.prepare(id)
  const { size } = await stage(originals.open(original, signal), {
    path: staging.fileOf(id),
    maxSize: settings.maxSize,
    sha256,
    signal
  })
  const progress = atStart
  return { ...kept, status: 'VALIDATING', size, isStaged: true, counts: nothingCounted, handlers: {}, progress }
}
