import { randomUUID } from 'node:crypto'
import type { ImportOffer, UrlOffer } from '../contracts/imports.ts'
import { RalphError } from '../errors.ts'
import type { ImportsContext } from './context.ts'
import { type Hold, holdImport } from './hold.ts'
import { atStart, destinationOf, inUse, type KeptImport, nothingCounted, troubleOf, type WantedUrl } from './kept.ts'
import { stage } from './steps/stage.ts'

/** A name without directories. */
const baseName = (name: string): string => name.split(/[\\/]/).at(-1) || 'import'

const recordOf = (offer: Omit<ImportOffer, 'open'>, now: number, wanted: WantedUrl | undefined): KeptImport => ({
  id: randomUUID(),
  source: { door: offer.door, reference: offer.reference, user: offer.user?.username },
  wanted,
  filename: baseName(offer.filename),
  mediaType: offer.mediaType,
  sha256: undefined,
  size: undefined,
  metadata: offer.metadata ?? {},
  status: 'QUERYING',
  trouble: undefined,
  counts: nothingCounted,
  handlers: {},
  attempts: 0,
  original: undefined,
  failures: 0,
  user: offer.user,
  instructions: offer.instructions ?? {},
  destination: destinationOf(offer.instructions?.place),
  isStaged: false,
  progress: atStart,
  nextAttempt: undefined,
  created: now,
  updated: now,
  finished: undefined
})

/** Creates the record of a URL. The process that runs the import fetches it. */
const takeUrl = async (
  { url, isTrusted, ...offer }: UrlOffer,
  { records, urls, clock }: ImportsContext
): Promise<{ readonly kept: KeptImport; readonly hold: Hold }> => {
  if (urls === undefined) throw new RalphError('UNSUPPORTED_OPERATION', 'this process does not fetch URLs for imports')
  const wanted = { url, isTrusted, sha256: offer.sha256 }
  const kept = recordOf({ ...offer, ...urls.describe(wanted) }, Math.floor(clock() / 1000), wanted)
  await records.insert(kept)
  return { kept, hold: holdImport(records, kept.id) }
}

/** Creates a record and writes the bytes into staging. It is held until the caller releases it. */
export const takeIn = async (
  offer: ImportOffer | UrlOffer,
  signal: AbortSignal | undefined,
  context: ImportsContext
): Promise<{ readonly kept: KeptImport; readonly hold: Hold }> => {
  if ('url' in offer) return takeUrl(offer, context)
  const { records, staging, settings, clock } = context
  const now = (): number => Math.floor(clock() / 1000)
  const kept = recordOf(offer, now(), undefined)
  const { id } = kept
  await records.insert(kept)
  const hold = holdImport(records, id)
  try {
    await staging.prepare(id)
    const { sha256, size } = await stage(offer.open(), {
      path: staging.fileOf(id),
      maxSize: settings.maxSize,
      sha256: offer.sha256,
      signal
    })
    const staged: KeptImport = { ...kept, status: 'VALIDATING', sha256, size, isStaged: true, updated: now() }
    if (!(await records.save(staged))) throw inUse(id)
    return { kept: staged, hold }
  } catch (error) {
    await staging.clear(id)
    const trouble = troubleOf(error)
    // The thrown error is more useful than a failure to save the record.
    await records.save({ ...kept, status: 'FAILED', trouble, finished: now(), updated: now() }).catch(() => false)
    await hold.release().catch(() => {})
    throw error
  }
}
