import { createReadStream } from 'node:fs'
import { RalphError } from '../../errors.ts'
import type { ImportsContext } from '../context.ts'
import type { KeptImport, WantedUrl } from '../kept.ts'
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
