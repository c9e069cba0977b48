import { packingOfName } from '../../archives/identify.ts'
import type { BytesBackend } from '../../contracts/data-backend.ts'
import type { ObjectHandler } from '../../contracts/imports.ts'
import { RalphError } from '../../errors.ts'
import { safeName } from '../safe-name.ts'

export interface ObjectHandlerOptions {
  /** Of the destination. */
  readonly name: string
  /** A directory, or `bucket/prefix`; undefined: where the backend writes by default. */
  readonly target: string | undefined
  readonly backend: BytesBackend
}

/** So many digits of the sha256 tell files of one name apart. */
const digits = 12

const extension = /\.(jsonl|ndjson|json|log|txt)$/i

/** `day.tar.gz` becomes `day-SHA256.jsonl`, with the first digits of the digest. */
const objectName = (filename: string, sha256: string): string => {
  const suffix = packingOfName(filename)?.suffix ?? ''
  const stem = filename.slice(0, filename.length - suffix.length).replace(extension, '')
  return `${safeName(stem)}-${sha256.slice(0, digits)}.jsonl`
}

/** The statements of an import become one object of JSON lines. One that is there already is replaced by the same. */
export const objectHandler = ({ name, target, backend }: ObjectHandlerOptions): ObjectHandler => ({
  name,
  judges: false,
  chunkSize: 2000,
  put: async (lines, { filename, sha256, signal }) => {
    if (backend.write === undefined) throw new RalphError('UNSUPPORTED_OPERATION', `${name} is read-only`)
    const object = objectName(filename, sha256)
    const place = target === undefined || target === '' ? object : `${target.replace(/\/+$/, '')}/${object}`
    return (await backend.write(lines, { target: place, operation: 'update', signal })).historyId
  }
})
