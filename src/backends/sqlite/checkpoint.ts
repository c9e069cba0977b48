import { open } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'

/** Makes durable what a transaction has written into the log so far: what is left for its commit is then little. */
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
 * Copies what is committed from the log into the database, in a thread of its own. That it cannot is no failure: SQLite
 * does so itself after one of the next commits, and the log counts until then.
 */
export const checkpoint = (file: string): Promise<void> =>
  new Promise((resolve) => {
    // Without the flags of this process: what they load (a test runner, a debugger) is not for a thread.
    const worker = new Worker(program, { eval: true, workerData: file, execArgv: [] })
    worker.on('error', () => resolve())
    worker.on('exit', () => resolve())
  })
