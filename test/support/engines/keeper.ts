/**
 * Runs the engine that the tests of this checkout share: `node keeper.ts NAME`. Whoever is connected to its socket uses
 * the engine; a process that dies is no longer connected. When nobody has used it for a while, it ends itself.
 */
import { rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { installed } from './checkout.ts'
import { isEngineName, type PrivateEngine } from './engine.ts'
import { take } from './lock.ts'
import { startPrivateEngine } from './private-engine.ts'
import { keeperOf, stopWord } from './shared-engine.ts'

/** Longer than a test file that does not use the engine takes between two that do. */
const patience = 180_000

const [name = ''] = process.argv.slice(2)
if (!isEngineName(name)) throw new Error(`No such engine: ${name}`)
const dataDir = join(installed, 'run', name)

type Answer = { readonly engine: PrivateEngine } | { readonly error: string }

const users = new Set<Socket>()
let leaving = false
let timer: NodeJS.Timeout | undefined

const start = async (): Promise<Answer> => {
  try {
    rmSync(dataDir, { recursive: true, force: true })
    const engine = await startPrivateEngine(name, dataDir, { durable: false })
    return 'missing' in engine ? { error: engine.missing } : { engine }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

/** Who comes from now on is turned away, comes again and finds the next keeper. */
const leave = async (): Promise<void> => {
  if (leaving) return
  leaving = true
  const answer = await started
  if ('engine' in answer) await answer.engine.stop()
  rmSync(dataDir, { recursive: true, force: true })
  process.exit()
}

const serve = async (socket: Socket): Promise<void> => {
  const answer = await started
  // An engine that has crashed is nobody's any more.
  if ('engine' in answer && !answer.engine.isRunning()) return leave()
  const line = 'engine' in answer ? { url: answer.engine.url } : answer
  socket.write(`${JSON.stringify(line)}\n`)
  if ('error' in answer) socket.end(() => void leave())
}

const server = createServer((socket) => {
  if (leaving) {
    socket.destroy()
    return
  }
  clearTimeout(timer)
  users.add(socket)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    if (chunk.toString().includes(stopWord)) void leave()
  })
  socket.on('close', () => {
    users.delete(socket)
    if (users.size === 0) timer = setTimeout(leave, patience)
  })
  void serve(socket)
})

// Another process may have been quicker: its keeper is as good.
if (!(await take(server, keeperOf(name)))) process.exit()
const started = start()
timer = setTimeout(leave, patience)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, leave)
// Who started this may have gone meanwhile.
process.send?.('listening', undefined, undefined, () => {})
