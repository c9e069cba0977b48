import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Command, EngineName, Missing, PrivateEngine } from './engine.ts'
import { kinds } from './kinds.ts'
import { unlessRequired } from './missing.ts'
import { asUser } from './tools.ts'

export interface PrivateEngineOptions {
  /** Default: any free one. */
  readonly port?: number
  /** false: nobody wants the data back; faster. Never for faults or measurements. Default: true. */
  readonly durable?: boolean
  /** true: its speed is measured, or it runs for long. Default: false. */
  readonly measured?: boolean
  /** True for the run that ends the installation. */
  readonly firstRun?: boolean
  /** Settings by the engine's own names. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Longer than any start on a busy machine. */
const startLimit = 120_000
const stopLimit = 30_000

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

/** Below the ports that the system gives to clients: an engine that is down for a while finds its own still free. */
const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    if (await isFree(port)) return port
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

const pidOf = ({ pid }: ChildProcess): number => {
  if (pid === undefined) throw new Error('The engine was not started')
  return pid
}

/** Under setpriv, which replaces itself by the command and has it killed when this process ends, however it ends. */
const launch = (command: Command, dataDir: string, log: string): ChildProcess => {
  const output = openSync(log, 'a')
  const { PATH = '', HOME = '' } = process.env
  const user = command.user
  const as = user === undefined ? [] : asUser(user)
  const child = spawn('setpriv', ['--pdeathsig=KILL', ...as, '--', command.file, ...command.args], {
    cwd: user === undefined ? dataDir : '/',
    // Without the variables of tests: Node runs one of the engines, and would run what observes a test in it.
    env: { PATH, HOME, ...command.env },
    stdio: ['ignore', output, output]
  })
  closeSync(output)
  return child
}

const childrenOf = (pid: number): readonly number[] => {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return children.trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

const killAll = async (child: ChildProcess): Promise<void> => {
  if (hasEnded(child)) return
  const children = childrenOf(pidOf(child))
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  for (const pid of children)
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has gone with its parent.
    }
  await ended
  // PostgreSQL does not start again before the last of them has let go of the shared memory.
  while (children.some((pid) => existsSync(`/proc/${pid}`))) await wait(5)
}

/** Starts an engine of one's own, whose data is in `dataDir` and stays there. */
export const startPrivateEngine = async (
  name: EngineName,
  dataDir: string,
  options: PrivateEngineOptions = {}
): Promise<PrivateEngine | Missing> => {
  const kind = kinds[name]
  const missing = kind.missing()
  if (missing !== undefined) return unlessRequired(missing)
  const directory = resolve(dataDir)
  mkdirSync(directory, { recursive: true })
  const { durable = true, measured = false, firstRun = false, settings = {} } = options
  const port = options.port ?? (await freePort())
  const logFile = join(directory, 'engine.log')
  const log = (): string => readFileSync(logFile, 'utf8').slice(-4000)

  const start = async (): Promise<ChildProcess> => {
    if (!(await isFree(port))) throw new Error(`Port ${port} is taken`)
    const command = await kind.prepare({ dataDir: directory, port, durable, measured, firstRun, settings })
    const child = launch(command, directory, logFile)
    let failure: Error | undefined
    child.once('error', (error) => {
      failure = error
    })
    const limit = Date.now() + startLimit
    while (failure === undefined && !hasEnded(child) && Date.now() < limit) {
      const version = await kind.version(port).catch(() => undefined)
      if (version !== undefined && !hasEnded(child)) return child
      await wait(50)
    }
    if (failure !== undefined) throw failure
    await killAll(child)
    throw new Error(`${name} does not start on port ${port}:\n${log()}`)
  }

  const end = async (child: ChildProcess): Promise<void> => {
    if (hasEnded(child)) return
    const ended = once(child, 'exit')
    child.kill(kind.stopSignal)
    const late = setTimeout(() => child.kill('SIGKILL'), stopLimit)
    await ended
    clearTimeout(late)
  }

  let child = await start()
  return {
    name,
    url: kind.url(port),
    get pid() {
      return pidOf(child)
    },
    isRunning: () => !hasEnded(child),
    stop: () => end(child),
    kill: () => killAll(child),
    restart: async () => {
      await end(child)
      child = await start()
    },
    log
  }
}
