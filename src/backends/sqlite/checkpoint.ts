import { open } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'

/** Syncs what a transaction has written to the log so far, so little is left for its commit. */
export const syncLog = async (file: string): Promise<void> => {
  const log = await open(`${file}-wal`, 'r')
  try {
    await log.datasync()
  } finally {
    await log.close()
  }
}

const program = `
  const { DatabaseSync } = require('node:sqlite')
  const database = new DatabaseSync(require('node:worker_threads').workerData)
  database.exec('PRAGMA wal_checkpoint(PASSIVE)')
  database.close()
`

/**
 * Copies committed pages from the log into the database, in a separate thread. A failure does no harm: SQLite does it after one of the next
 * commits, and until then the log counts.
 */
export const checkpoint = (file: string): Promise<void> =>
  new Promise((resolve) => {
    // Without the flags of this process. They load a test runner or a debugger, which a thread does not need.
    const worker = new Worker(program, { eval: true, workerData: file, execArgv: [] })
    worker.on('error', () => resolve())
    worker.on('exit', () => resolve())
  })
