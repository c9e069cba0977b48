import { once } from 'node:events'

/**
 * Writes to standard output no faster than it is read. When nobody reads any more (`ralph sample | head`), the rest
 * is not wanted, and that is no error.
 */
export const writeOut = async (chunks: Iterable<string> | AsyncIterable<string>): Promise<void> => {
  let failure: NodeJS.ErrnoException | undefined
  process.stdout.on('error', (error) => {
    failure = error
  })
  for await (const chunk of chunks) {
    if (failure === undefined && !process.stdout.write(chunk)) {
      await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]).catch(() => {})
    }
    if (failure !== undefined) break
  }
  // What was written last may fail yet.
  await new Promise((resolve) => process.stdout.write('', resolve))
  if (failure !== undefined && failure.code !== 'EPIPE') throw failure
}
