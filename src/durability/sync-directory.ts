import { open } from 'node:fs/promises'

/** Makes durable which names stand in a directory: a new or renamed file is there after a power cut. */
export const syncDirectory = async (path: string): Promise<void> => {
  // Windows neither needs this nor can it open directories.
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
