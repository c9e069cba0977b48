import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { lockStore } from '../durability/process-lock.ts'
import { resultCode } from '../durability/sqlite-result.ts'
import { messageOf, RalphError } from '../errors.ts'

/** `done`: it is in the mirror. `expired`: the service no longer has it. */
export type ArchiveStatus = 'todo' | 'done' | 'expired'

/** A known archive, in the mirror or not. */
export interface CachedArchive {
  readonly id: string
  readonly stream: string
  readonly service: string | undefined
  readonly filename: string
  readonly size: number | undefined
  readonly sha256: string | undefined
  readonly md5: string | undefined
  readonly status: ArchiveStatus
  /** When it can be requested again, in microseconds. Undefined: at any time. */
  readonly available: number | undefined
  /** It was the first one of its stream with this name. The others have different files. */
  readonly ownsName: boolean
}

export type NewArchive = Omit<CachedArchive, 'status' | 'available' | 'ownsName'>

/** All known archives: the file `ldp.db` of ldp-mirror 0.x, in the same format. */
export interface ArchiveCache {
  has(id: string): boolean
  /** The archives of a stream, in the order of their names. */
  archives(stream: string): readonly CachedArchive[]
  add(archive: NewArchive): void
  /** `available`: microseconds. Undefined: at any time. */
  setStatus(id: string, status: ArchiveStatus, available?: number): void
  /** What the service says about it now. */
  setChecksums(id: string, checksums: Pick<CachedArchive, 'size' | 'sha256' | 'md5'>): void
  close(): void
}

/** The table of ldp-mirror 0.x. Nothing is added to it, so that each program can open the file of the other. */
const schema = `CREATE TABLE IF NOT EXISTS archives (
  archiveId text, sha256 text, md5 text, filename text, size numeric, streamId text, service text,
  status text DEFAULT "todo", available timestamp
)`

/** Error codes of SQLite: FULL and IOERR; CORRUPT and NOTADB. */
const full = new Set([13, 10])
const corrupt = new Set([11, 26])

const inOurTerms = (file: string, cause: unknown): RalphError => {
  if (cause instanceof RalphError) return cause
  const code = resultCode(cause) ?? 0
  const reason = messageOf(cause)
  if (full.has(code)) return new RalphError('STORE_FULL', `${file} cannot be written: ${reason}`, {}, { cause })
  if (!corrupt.has(code)) return new RalphError('STORE_UNAVAILABLE', `${file}: ${reason}`, {}, { cause })
  const advice = 'move it away, and the mirror creates a new one from the existing archives'
  return new RalphError('STORE_CORRUPT', `${file} is damaged or not a database (${reason}): ${advice}`, {}, { cause })
}

/** As Python writes it: `2018-12-14 17:20:08.392000+00:00`. Its parser needs the fraction. */
const asTimestamp = (micros: number): string =>
  `${new Date(micros / 1000).toISOString().replace('T', ' ').replace('Z', '')}000+00:00`

const asMicros = (text: SQLOutputValue | undefined): number | undefined => {
  const time = typeof text === 'string' ? Date.parse(text.replace(' ', 'T').replace(/(\.\d{3})\d+/, '$1')) : Number.NaN
  return Number.isNaN(time) ? undefined : time * 1000
}

const asText = (value: SQLOutputValue | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** A missing or unknown status counts as `todo`. */
const asStatus = (value: SQLOutputValue | undefined): ArchiveStatus =>
  value === 'done' || value === 'expired' ? value : 'todo'

type Row = Record<string, SQLOutputValue>

/** Undefined: the row lacks what is needed for a download. */
const asArchive = (row: Row): Omit<CachedArchive, 'ownsName'> | undefined => {
  const [id, stream, filename] = [asText(row.archiveId), asText(row.streamId), asText(row.filename)]
  if (id === undefined || stream === undefined || filename === undefined) return undefined
  return {
    id,
    stream,
    filename,
    service: asText(row.service),
    size: typeof row.size === 'number' ? row.size : undefined,
    sha256: asText(row.sha256)?.toLowerCase(),
    md5: asText(row.md5)?.toLowerCase(),
    status: asStatus(row.status),
    available: asMicros(row.available)
  }
}

const nameKey = ({ stream, filename }: Pick<CachedArchive, 'stream' | 'filename'>): string => `${stream}/${filename}`

const isFirst = (names: Set<string>, archive: Pick<CachedArchive, 'stream' | 'filename'>): boolean => {
  const key = nameKey(archive)
  if (names.has(key)) return false
  names.add(key)
  return true
}

/** The rows of the table, by id. No other process writes to it, so it is read once. */
const load = (database: DatabaseSync): Map<string, CachedArchive> => {
  const known = new Map<string, CachedArchive>()
  const names = new Set<string>()
  for (const row of database.prepare('SELECT * FROM archives ORDER BY rowid').iterate()) {
    const archive = asArchive(row)
    if (archive === undefined || known.has(archive.id)) continue
    known.set(archive.id, { ...archive, ownsName: isFirst(names, archive) })
  }
  return known
}

/** Opens `ldp.db` in a directory, and creates both if they do not exist. Throws `STORE_IN_USE` if another process has it. */
export const openArchiveCache = (directory: string): ArchiveCache => {
  const file = join(directory, 'ldp.db')
  const guarded = <Result>(work: () => Result): Result => {
    try {
      return work()
    } catch (error) {
      throw inOurTerms(file, error)
    }
  }
  const lock = guarded(() => {
    mkdirSync(directory, { recursive: true })
    return lockStore(file)
  })
  let database: DatabaseSync | undefined
  try {
    return guarded(() => {
      const opened = new DatabaseSync(file, { timeout: 5000 })
      database = opened
      opened.exec(schema)
      const known = load(opened)
      const insert = opened.prepare(
        `INSERT INTO archives (archiveId, sha256, md5, filename, size, streamId, service, status, available)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'todo', NULL)`
      )
      const updateStatus = opened.prepare('UPDATE archives SET status = ?, available = ? WHERE archiveId = ?')
      const updateChecksums = opened.prepare('UPDATE archives SET size = ?, sha256 = ?, md5 = ? WHERE archiveId = ?')
      const change = (id: string, changed: Partial<CachedArchive>): void => {
        const archive = known.get(id)
        if (archive !== undefined) known.set(id, { ...archive, ...changed })
      }
      const names = new Set([...known.values()].map(nameKey))
      return {
        has: (id) => known.has(id),
        archives: (stream) =>
          [...known.values()]
            .filter((archive) => archive.stream === stream)
            .sort((a, b) => (a.filename < b.filename ? -1 : a.filename > b.filename ? 1 : 0)),
        add: (archive) => {
          const { id, sha256 = null, md5 = null, filename, size = null, stream, service = null } = archive
          guarded(() => insert.run(id, sha256, md5, filename, size, stream, service))
          const ownsName = isFirst(names, archive)
          known.set(id, { ...archive, status: 'todo', available: undefined, ownsName })
        },
        setStatus: (id, status, available) => {
          guarded(() => updateStatus.run(status, available === undefined ? null : asTimestamp(available), id))
          change(id, { status, available })
        },
        setChecksums: (id, checksums) => {
          const { size = null, sha256 = null, md5 = null } = checksums
          guarded(() => updateChecksums.run(size, sha256, md5, id))
          change(id, checksums)
        },
        close: () => {
          opened.close()
          lock.release()
        }
      }
    })
  } catch (error) {
    if (database?.isOpen) database.close()
    lock.release()
    throw error
  }
}
