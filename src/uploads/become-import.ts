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

/** The import of an upload whose process died before it could record it. */
const madeBefore = async ({ id, user, created }: UploadRecord, imports: Imports): Promise<ImportRecord | undefined> => {
  const made = await imports.list({ door: 'upload', user: user.username, reference: referenceOf(id) })
  return made.find(
    ({ status, created: at }) => status !== 'QUERYING' && status !== 'FAILED' && Date.parse(at) >= created - 1000
  )
}

/** Errors about the bytes: the upload is useless. */
const verdicts: ReadonlySet<string> = new Set(['ARCHIVE_TOO_LARGE', 'CHECKSUM_MISMATCH'])

const formats = ['auto', 'edx', 'xapi'] as const

/** Submits a complete upload. If it rejects, it is tried again later. The bytes are kept until the import is known to exist. */
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
