import { createHash } from 'node:crypto'
import { createReadStream, readdirSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { messageOf, RalphError } from '../errors.ts'
import { isObject } from '../json/values.ts'

/** What one target holds, in numbers and digests that are equal for equal contents. */
export type Contents = Readonly<Record<string, string | number>>

export interface BackedUpFile {
  /** Relative to the backup, with `/`. */
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** `manifest.json` of a backup. It is written last: a directory that has one is whole. */
export interface Manifest {
  readonly format: 1
  /** Version of Ralph that made it. */
  readonly ralph: string
  readonly backend: string
  /** RFC 3339 */
  readonly taken: string
  /** `target` null is the default one. */
  readonly targets: readonly { readonly target: string | null; readonly contents: Contents }[]
  readonly files: readonly BackedUpFile[]
}

export const manifestName = 'manifest.json'

const isContents = (value: unknown): value is Contents =>
  isObject(value) && Object.values(value).every((each) => typeof each === 'string' || typeof each === 'number')

const isFile = (value: unknown): value is BackedUpFile =>
  isObject(value) &&
  typeof value.name === 'string' &&
  // A manifest that was tampered with must not reach out of its directory.
  !value.name.split('/').some((part) => part === '..' || part === '') &&
  typeof value.bytes === 'number' &&
  typeof value.sha256 === 'string'

const isTarget = (value: unknown): value is Manifest['targets'][number] =>
  isObject(value) && (value.target === null || typeof value.target === 'string') && isContents(value.contents)

const isManifest = (value: unknown): value is Manifest =>
  isObject(value) &&
  value.format === 1 &&
  [value.ralph, value.backend, value.taken].every((each) => typeof each === 'string') &&
  Array.isArray(value.targets) &&
  value.targets.every(isTarget) &&
  Array.isArray(value.files) &&
  value.files.every(isFile)

/** `INVALID_INPUT` when the directory is not a whole backup that this version understands. */
export const readManifest = async (directory: string): Promise<Manifest> => {
  const path = join(directory, manifestName)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const reason = messageOf(cause)
    throw new RalphError('INVALID_INPUT', `${directory} is not a backup: ${reason}`, {}, { cause })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new RalphError('INVALID_INPUT', `${path} is not valid JSON`, {}, { cause })
  }
  if (isManifest(value)) return value
  throw new RalphError('INVALID_INPUT', `${path} is not the manifest of a backup that this version of Ralph can read`)
}

const sha256Of = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

/** Every file below a directory with its digest. */
export const describeFiles = async (directory: string): Promise<readonly BackedUpFile[]> => {
  const described: BackedUpFile[] = []
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const name = relative(directory, path).split(sep).join('/')
    described.push({ name, bytes: (await stat(path)).size, sha256: await sha256Of(path) })
  }
  return described.sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** `INVALID_INPUT` names the first file that is missing or is not what it was. */
export const verifyFiles = async (directory: string, { files }: Manifest, signal?: AbortSignal): Promise<void> => {
  for (const { name, bytes, sha256 } of files) {
    signal?.throwIfAborted()
    const path = join(directory, name)
    const size = await stat(path).then(
      (found) => found.size,
      () => undefined
    )
    if (size === undefined) throw new RalphError('INVALID_INPUT', `${path} is missing: this backup is not whole`)
    if (size !== bytes || (await sha256Of(path)) !== sha256) {
      throw new RalphError('INVALID_INPUT', `${path} is not what was backed up: use another backup`)
    }
  }
}
