import { once } from 'node:events'

/** Writes to standard output no faster than it is read. */
export const writeOut = async (chunks: Iterable<string> | AsyncIterable<string>): Promise<void> => {
  for await (const chunk of chunks) {
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
  }
}
