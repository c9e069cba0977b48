import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { installed, sources } from './checkout.ts'
import { type Engine, type EngineName, engineNames } from './engine.ts'
import { visit } from './lock.ts'

/** The name of the socket of an engine's keeper. */
export const keeperOf = (name: EngineName): string => `keeper-${name}`

/** What a keeper is told to end its engine whoever uses it. */
export const stopWord = 'stop'

/** Until it listens, or until it finds that another one does. */
const startKeeper = async (name: EngineName): Promise<void> => {
  mkdirSync(join(installed, 'run'), { recursive: true })
  const log = openSync(join(installed, 'run', `${name}.log`), 'a')
  // Without the variables of who comes first: they would make the engine of all a part of one test.
  const { PATH = '', HOME = '' } = process.env
  const keeper = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(sources, 'keeper.ts'), name], {
    cwd: installed,
    env: { PATH, HOME },
    detached: true,
    stdio: ['ignore', log, log, 'ipc']
  })
  closeSync(log)
  await Promise.race([once(keeper, 'message'), once(keeper, 'exit')])
  if (keeper.connected) keeper.disconnect()
  keeper.unref()
}

/** The line that a keeper sends when its engine answers, or cannot; undefined if the keeper ends. */
const lineFrom = (socket: Socket): Promise<string | undefined> =>
  new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
      if (text.endsWith('\n')) resolve(text)
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(undefined))
  })

/**
 * The engine that all processes of this checkout share, which runs as long as one of them is connected and a little
 * longer. The connection does not hold this process.
 */
export const joinSharedEngine = async (name: EngineName): Promise<Engine> => {
  for (;;) {
    const socket = await visit(keeperOf(name))
    if (socket === undefined) {
      await startKeeper(name)
      continue
    }
    const line = await lineFrom(socket)
    if (line === undefined) {
      await wait(50)
      continue
    }
    const { url, error }: { url?: unknown; error?: unknown } = JSON.parse(line)
    if (typeof url !== 'string') throw new Error(String(error))
    socket.unref()
    return {
      name,
      url,
      stop: async () => {
        socket.destroy()
      }
    }
  }
}

/** Ends the shared engines of this checkout; resolves when they have ended. Says which they were. */
export const stopSharedEngines = async (): Promise<readonly EngineName[]> => {
  const stopped: EngineName[] = []
  for (const name of engineNames) {
    const socket = await visit(keeperOf(name))
    if (socket === undefined) continue
    socket.on('error', () => socket.destroy()).resume()
    socket.write(stopWord)
    await once(socket, 'close')
    stopped.push(name)
  }
  return stopped
}
