import { createReadStream } from 'node:fs'
import { RalphError } from '../../errors.ts'
import type { ImportsContext } from '../context.ts'
import { atStart, type KeptImport, nothingCounted, type WantedUrl } from '../kept.ts'
import { stage } from './stage.ts'

/** Brings the bytes of a URL into staging, and gives the record as it is then: the URL is not kept with it any longer. */
export const fetchBytes = async (
  kept: KeptImport,
  wanted: WantedUrl,
  signal: AbortSignal,
  { urls, staging, settings }: Pick<ImportsContext, 'urls' | 'staging' | 'settings'>
): Promise<KeptImport> => {
  if (urls === undefined) throw new RalphError('UNSUPPORTED_OPERATION', 'this process fetches nothing for imports')
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

/** Brings an original out of the file store into staging. The import begins anew. */
export const recall = async (
  kept: KeptImport,
  signal: AbortSignal,
  { originals, staging, settings }: Pick<ImportsContext, 'originals' | 'staging' | 'settings'>
): Promise<KeptImport> => {
  const { id, original = '', sha256 } = kept
  if (originals === undefined) {
    throw new RalphError(
      'INVALID_SETTING',
      `the original of the import ${id} is in a file store: set RALPH_STORE__TARGET, as it was then`
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
