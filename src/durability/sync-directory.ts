import { open } from 'node:fs/promises'

/** Makes the names in a directory durable, so that a new or renamed file survives a power cut. */
export const syncDirectory = async (path: string): Promise<void> => {
  // Windows does not need this, and cannot open directories.
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
