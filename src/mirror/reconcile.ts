import type { CachedArchive } from './archive-cache.ts'
import type { Mirror, OnlineMirror } from './mirror-options.ts'
import { fileOf, isSafe, isWhole, lookAt, makeDirectory, nameOf } from './place.ts'

/** What is to be done with archives that come counts too. */
type ReconciledMirror = Mirror & Pick<OnlineMirror, 'onArchive'>

/** An archive that is not done: whether the file that is there, if one is, is what it must be. */
const reconcileTodo = async (
  { cache, directory, log, signal, onArchive }: ReconciledMirror,
  archive: CachedArchive
): Promise<void> => {
  const found = lookAt(directory, archive)
  // The process may have died before it was taken on: the download finds it there, and sees to that.
  if (found === 'there' && onArchive !== undefined) return
  if (found === 'decrypted' || (found === 'there' && (await isWhole(fileOf(directory, archive), archive, signal)))) {
    cache.setStatus(archive.id, 'done')
    log.info(`Archive ${nameOf(archive)} already available`)
    return
  }
  if (found !== 'missing') log.warn(`Sha256 ERROR on ${nameOf(archive)}, download scheduled`)
  else log.info(`Archive ${nameOf(archive)} missing, download scheduled`)
}

/** An archive that is done: its file must be there, and have its size. `ralph mirror --verify` looks closer. */
const reconcileDone = ({ cache, directory, log }: Mirror, archive: CachedArchive): void => {
  const found = lookAt(directory, archive)
  if (found === 'there' || found === 'decrypted') return
  cache.setStatus(archive.id, 'todo')
  const reason = found === 'missing' ? 'missing' : 'has another size than it must have'
  log.info(`Archive ${nameOf(archive)} ${reason}, download scheduled`)
}

/**
 * Makes the directories of the streams, and brings what is known of the archives into line with the files that are
 * there. ldp-mirror 0.x left a truncated file where it was stopped; it is noticed here.
 * @param said archives that were told of before
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
