import { threadId } from 'node:worker_threads'
import { RalphError } from '../../src/errors.ts'
import type { CreateWork, ThreadChunk } from '../../src/streams/thread-work.ts'

export interface Shouted extends ThreadChunk {
  /** 0 is the main thread. */
  readonly thread: number
}

/** Makes text loud. Some words do more, slow things and bad ones. */
export const createWork: CreateWork<{ readonly mark: string }, ThreadChunk, Shouted> = async ({ mark }) => {
  await Promise.resolve()
  return ({ bytes }) => {
    const text = Buffer.from(bytes).toString()
    if (text.startsWith('refuse')) throw new RalphError('INVALID_INPUT', 'it was refused', { line: 7 })
    if (text.startsWith('break')) throw new TypeError('it broke')
    if (text.startsWith('exit') && threadId !== 0) process.exit(3)
    const until = performance.now() + (text.startsWith('slow') ? 20 : 0)
    while (performance.now() < until);
    return { bytes: Buffer.from(text.toUpperCase() + mark), thread: threadId }
  }
}
