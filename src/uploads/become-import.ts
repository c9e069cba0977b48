import type { ImportRecord, Imports } from '../contracts/imports.ts'
import { RalphError } from '../errors.ts'
import type { UploadRecord, UploadRecords } from './records.ts'
import type { UploadTarget } from './target.ts'

export interface BecomeImport {
  readonly imports: Imports
  readonly records: UploadRecords
  readonly target: UploadTarget
  readonly unarchive: boolean
}

export const isToImport = ({ metadata }: UploadRecord): boolean => metadata.import?.toLowerCase() !== 'false'

export const filenameOf = ({ id, metadata }: Pick<UploadRecord, 'id' | 'metadata'>): string =>
  metadata.filename || metadata.name || id

const referenceOf = (id: string): string => `/api/upload/${id}`

/** The import of an upload whose process has died before it could note that. */
const madeBefore = async ({ id, user, created }: UploadRecord, imports: Imports): Promise<ImportRecord | undefined> => {
  const made = await imports.list({ door: 'upload', user: user.username, reference: referenceOf(id) })
  return made.find(
    ({ status, created: at }) => status !== 'QUERYING' && status !== 'FAILED' && Date.parse(at) >= created - 1000
  )
}

/** Verdicts on the bytes: the upload is of no use. */
const verdicts: ReadonlySet<string> = new Set(['ARCHIVE_TOO_LARGE', 'CHECKSUM_MISMATCH'])

const formats = ['auto', 'edx', 'xapi'] as const

/** Hands a whole upload on. What it rejects with, somebody tries again; the bytes are kept until it is known to be an import. */
export const becomeImport = async (
  record: UploadRecord,
  { imports, records, target, unarchive }: BecomeImport
): Promise<UploadRecord> => {
  const { id, metadata, user } = record
  if (record.importId !== undefined) return record
  const whole = { ...record, isWhole: true }
  const before = record.isWhole && isToImport(record) ? await madeBefore(record, imports) : undefined
  if (!record.isWhole) await records.write(whole)
  if (!isToImport(record)) return whole
  try {
    const from = formats.find((each) => each === metadata.from)
    const made =
      before ??
      (await imports.submit({
        door: 'upload',
        reference: referenceOf(id),
        user,
        filename: filenameOf(record),
        mediaType: metadata.filetype ?? metadata.type ?? undefined,
        metadata,
        instructions: { unpack: unarchive, ...(from === undefined ? {} : { from }) },
        sha256: metadata.sha256 ?? undefined,
        open: () => target.open(id)
      }))
    const imported = { ...whole, importId: made.id }
    await records.write(imported)
    await target.remove(id)
    return imported
  } catch (error) {
    if (error instanceof RalphError && verdicts.has(error.code)) {
      await target.remove(id)
      await records.remove(id)
    }
    throw error
  }
}
