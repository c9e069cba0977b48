import { enableCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { loadWork, type Message, ownBuffer, type Task, toSent } from './thread-messages.ts'
import type { ThreadChunk } from './thread-work.ts'

// The program of each thread that `mapInOrder` starts. No module imports it.

enableCompileCache()
// Only `mapInOrder` starts it, with a task.
const work = await loadWork(workerData as Task)

const answer = (message: Message<ThreadChunk>, handedOver: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, handedOver)

parentPort?.on('message', (piece: ThreadChunk) => {
  try {
    const out = work(piece)
    const bytes = ownBuffer(out.bytes)
    answer({ out: { ...out, bytes } }, [bytes.buffer])
  } catch (error) {
    answer({ error: toSent(error) })
  }
})
answer('ready')
