import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))
export const entries = { src: join(root, 'src/main.ts'), dist: join(root, 'dist/src/main.js') } as const

export interface RunningServer {
  readonly url: string
  readonly pid: number
  /** Milliseconds from the start of the process to its first answer. */
  readonly startedIn: number
  /** Resident memory now, and the most there ever was, in bytes. */
  memory(): { readonly now: number; readonly peak: number }
  stop(): Promise<void>
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const answers = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    get(url, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    }).on('error', () => resolve(false))
  })

/** Waits until the process answers; rejects when it ends before or takes a minute. */
export const firstAnswer = async (url: string, child: ChildProcess): Promise<void> => {
  for (const end = performance.now() + 60_000; performance.now() < end; ) {
    if (await answers(url)) return
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    await wait(2)
  }
  throw new Error(`no answer from ${url}`)
}

const kilobytes = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN)

/** An application directory with the user janedoe of the tutorial. */
export const createAppDir = (path: string): string => {
  mkdirSync(path, { recursive: true })
  copyFileSync(join(root, '.ralph/auth.json'), join(path, 'auth.json'))
  return path
}

export interface BackendChoice {
  readonly backend: string
  /** Its settings. */
  readonly env: Readonly<Record<string, string>>
}

/** Starts `ralph runserver` as it is shipped, in a process of its own, on an application directory. */
export const startRalph = async (
  appDir: string,
  entry: string = entries.src,
  { backend, env }: BackendChoice = { backend: 'sqlite', env: {} },
  /** Further flags of Node. */
  flags: readonly string[] = []
): Promise<RunningServer> => {
  const port = await freePort()
  const began = performance.now()
  const child = spawn(
    process.execPath,
    [...flags, entry, 'runserver', '--backend', backend, '--host', '127.0.0.1', '--port', String(port)],
    {
      cwd: appDir,
      env: { PATH: process.env.PATH, HOME: appDir, RALPH_APP_DIR: appDir, RALPH_LOG_LEVEL: 'ERROR', ...env },
      stdio: ['ignore', 'ignore', 'inherit']
    }
  )
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', kill)
  const url = `http://127.0.0.1:${port}`
  await firstAnswer(`${url}/__lbheartbeat__`, child)
  const startedIn = performance.now() - began
  return {
    url,
    pid: child.pid ?? 0,
    startedIn,
    memory: () => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      return { now: kilobytes(status, 'VmRSS') * 1024, peak: kilobytes(status, 'VmHWM') * 1024 }
    },
    stop: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      process.off('exit', kill)
    }
  }
}
