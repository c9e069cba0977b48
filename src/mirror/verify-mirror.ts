import { createHash, randomInt } from 'node:crypto'
import { RalphError } from '../errors.ts'
import type { CachedArchive } from './archive-cache.ts'
import { checksumName } from './checksum.ts'
import type { Mirror } from './mirror-options.ts'
import { fileOf, isSafe, isWhole, lookAt, nameOf } from './place.ts'

/** The archives to read: a random share of them, or always the same one of several groups. */
export type Subset =
  | { readonly kind: 'share'; readonly share: number }
  | { readonly kind: 'group'; readonly group: number; readonly of: number }

/** `5%`, or `2/7`: the second of seven groups. Throws `USAGE` for anything else. */
export const parseSubset = (text: string): Subset => {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? []
  const share = Number(percent) / 100
  if (share > 0 && share <= 1) return { kind: 'share', share }
  const [, group, of] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  if (Number(group) >= 1 && Number(group) <= Number(of)) {
    return { kind: 'group', group: Number(group), of: Number(of) }
  }
  throw new RalphError('USAGE', `--subset ${text}: expected a share such as 5%, or a group such as 2/7`)
}

const groupOf = ({ id }: CachedArchive, groups: number): number =>
  createHash('sha256').update(id).digest().readUInt32BE(0) % groups

/** At least one of them. */
const chosen = (archives: readonly CachedArchive[], subset: Subset | undefined): readonly CachedArchive[] => {
  if (subset === undefined) return archives
  if (subset.kind === 'group') return archives.filter((each) => groupOf(each, subset.of) === subset.group - 1)
  const left = [...archives]
  const wanted = Math.ceil(left.length * subset.share)
  return Array.from({ length: wanted }, () => left.splice(randomInt(left.length), 1)).flat()
}

export interface Verification {
  /** Archives that were read. */
  readonly read: number
  /** Those that are missing or damaged, as `STREAM/FILE`. */
  readonly damaged: readonly string[]
}

/**
 * Reads the files of a mirror, and compares them with the checksums of the service. A damaged or missing file is downloaded when
 * the mirror runs again; a damaged file stays until then.
 */
export const verifyMirror = async (mirror: Mirror, subset: Subset | undefined): Promise<Verification> => {
  const { cache, directory, streams, log, signal } = mirror
  const done = streams
    .flatMap((stream) => cache.archives(stream))
    .filter((archive) => archive.status === 'done' && isSafe(archive))
  const archives = chosen(done, subset)
  const damaged: string[] = []
  for (const archive of archives) {
    signal.throwIfAborted()
    const name = nameOf(archive)
    const found = lookAt(directory, archive)
    if (found === 'decrypted') {
      log.info(`Archive ${name} was decrypted: it cannot be verified`)
      continue
    }
    if (found === 'there' && (await isWhole(fileOf(directory, archive), archive, signal))) {
      log.info(`${checksumName(archive)} OK on ${name}`)
      continue
    }
    if (found === 'missing') log.error(`Archive ${name} missing, download scheduled`)
    else log.error(`${checksumName(archive)} ERROR on ${name}, download scheduled`)
    damaged.push(name)
    cache.setStatus(archive.id, 'todo')
  }
  return { read: archives.length, damaged }
}
