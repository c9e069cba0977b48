import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import type { BackendStatus } from '../../src/contracts/lrs-backend.ts'
import { RalphError } from '../../src/errors.ts'
import { aClock } from './clock.ts'
import { openers } from './openers.ts'
import { aBatch, anAttachment, aStatement } from './statements.ts'

/** What a store in another process can be told to do. */
export type Command =
  | { readonly insert: number; readonly attachment?: number }
  /** A document of so many bytes. */
  | { readonly put: string; readonly size: number }
  | 'status'
  | 'close'

export type Answer =
  | { readonly ids: readonly string[] }
  | { readonly status: BackendStatus }
  | { readonly code: string; readonly message: string }
  | 'done'

const serve = async (name: string, directory: string): Promise<void> => {
  const clock = aClock()
  const backend = await openers[name]?.(directory, { clock: clock.now, appDir: directory, warn: () => {} })
  if (backend === undefined) throw new TypeError(`there is no backend ${name}`)
  const { statements, documents } = await backend.store()
  const obey = async (command: Command): Promise<Answer> => {
    if (command === 'status') return { status: await backend.status() }
    if (command === 'close') {
      await backend.close()
      return 'done'
    }
    if ('insert' in command) {
      const batch = aBatch(...Array.from({ length: command.insert }, () => aStatement()))
      const attachments = command.attachment === undefined ? [] : [anAttachment(Buffer.alloc(command.attachment, 'a'))]
      return { ids: (await statements.insert({ ...batch, attachments })).inserted }
    }
    const content = Buffer.alloc(command.size, 'd')
    const key = { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: command.put } as const
    await documents.change(key, () => ({ content, contentType: 'text/plain' }))
    return 'done'
  }
  // What is written beyond the limit then fails, and does not end the process.
  process.on('SIGXFSZ', () => {})
  process.on('message', ([number, command]: [number, Command]) => {
    obey(command)
      .catch((error: unknown) => ({
        code: error instanceof RalphError ? error.code : 'a defect',
        message: String(error)
      }))
      .then((answer) => process.send?.([number, answer]))
  })
  process.send?.('ready')
}

/** A store in a process of its own, so that the limits of that process can be changed. */
export interface ServedStore {
  tell(command: Command): Promise<Answer>
  /** No file may grow beyond so many bytes: to the store this is a full disk. */
  limitFiles(bytes: number | 'unlimited'): void
  end(): Promise<void>
}

export const canLimitFiles = (): boolean => spawnSync('prlimit', ['--version']).status === 0

export const serveStore = async (t: Test, name: string, directory: string): Promise<ServedStore> => {
  const child: ChildProcess = fork(import.meta.filename, [name, directory], {
    execArgv: ['--disable-warning=ExperimentalWarning']
  })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child, 'message')
  const waiting = new Map<number, (answer: Answer) => void>()
  child.on('message', ([number, answer]: [number, Answer]) => waiting.get(number)?.(answer))
  child.on('exit', (status, signal) => {
    for (const answer of waiting.values()) answer({ code: 'the process is gone', message: `${status ?? signal}` })
  })
  let numbers = 0
  return {
    tell: (command) => {
      numbers += 1
      const number = numbers
      return new Promise((resolve) => {
        waiting.set(number, resolve)
        child.send([number, command])
      })
    },
    limitFiles: (bytes) => {
      const { status, stderr } = spawnSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:unlimited`])
      if (status !== 0) throw new Error(String(stderr))
    },
    end: async () => {
      child.disconnect()
      await once(child, 'exit')
    }
  }
}

if (process.argv[1] === import.meta.filename) await serve(process.argv[2] ?? '', process.argv[3] ?? '')
