import type { CachedArchive } from './archive-cache.ts'
import type { Mirror, OnlineMirror } from './mirror-options.ts'
import { fileOf, isSafe, isWhole, lookAt, makeDirectory, nameOf } from './place.ts'

/** What happens to new archives matters too. */
type ReconciledMirror = Mirror & Pick<OnlineMirror, 'onArchive'>

/** An archive that is not done: checks the existing file, if there is one. */
const reconcileTodo = async (
  { cache, directory, log, signal, onArchive }: ReconciledMirror,
  archive: CachedArchive
): Promise<void> => {
  const found = lookAt(directory, archive)
  // The process may have died before the import was made: the download finds the file and does it.
  if (found === 'there' && onArchive !== undefined) return
  if (found === 'decrypted' || (found === 'there' && (await isWhole(fileOf(directory, archive), archive, signal)))) {
    cache.setStatus(archive.id, 'done')
    log.info(`Archive ${nameOf(archive)} already available`)
    return
  }
  if (found !== 'missing') log.warn(`Sha256 ERROR on ${nameOf(archive)}, download scheduled`)
  else log.info(`Archive ${nameOf(archive)} missing, download scheduled`)
}

/** An archive that is done: its file must exist and have the right size. `ralph mirror --verify` checks more. */
const reconcileDone = ({ cache, directory, log }: Mirror, archive: CachedArchive): void => {
  const found = lookAt(directory, archive)
  if (found === 'there' || found === 'decrypted') return
  cache.setStatus(archive.id, 'todo')
  const reason = found === 'missing' ? 'missing' : 'has another size than it must have'
  log.info(`Archive ${nameOf(archive)} ${reason}, download scheduled`)
}

/**
 * Creates the directories of the streams, and makes the records agree with the existing files. ldp-mirror 0.x left a truncated
 * file where it was stopped; this notices it.
 * @param said archives that were reported before
 */
export const reconcile = async (mirror: ReconciledMirror, said: Set<string>): Promise<void> => {
  const { cache, streams, log } = mirror
  for (const stream of streams) makeDirectory(mirror, stream)
  for (const stream of streams) {
    for (const archive of cache.archives(stream)) {
      if (archive.status === 'expired' || said.has(archive.id)) continue
      said.add(archive.id)
      if (!isSafe(archive)) {
        log.error(`Archive ${archive.id} of stream ${stream} is refused: its name is not that of a file in a directory`)
      } else if (archive.status === 'done') reconcileDone(mirror, archive)
      else await reconcileTodo(mirror, archive)
    }
  }
}
