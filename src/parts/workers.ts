import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import closeWithGrace from 'close-with-grace'
import { RalphError } from '../errors.ts'
import type { ServerSettings } from '../settings/settings.ts'
import type { Logger } from '../telemetry/logger.ts'
import { asListenError } from './listen-error.ts'
import { grace, sentToAll } from './run.ts'

export interface WorkersNeeds {
  /** RALPH_RUNSERVER_WORKERS */
  readonly workers: number
  /** The name of the backend. */
  readonly backend: string
  /** How many servers can have the store open at a time. */
  readonly servers: 'one' | 'any'
  readonly hasImports: boolean
  readonly hasGrpc: boolean
}

/** Throws `INVALID_SETTING` if something may be open in one process only. */
export const requireShareable = ({ workers, backend, servers, hasImports, hasGrpc }: WorkersNeeds): void => {
  if (workers === 1) return
  const refuse = (why: string): RalphError =>
    new RalphError('INVALID_SETTING', `RALPH_RUNSERVER_WORKERS is ${workers}, but ${why}`)
  if (servers === 'one') {
    throw refuse(
      `only one process at a time can open a store of ${backend}: set it to 1, or choose es, mongo or postgres`
    )
  }
  if (hasImports) {
    throw refuse('imports and uploads need a server with one process: set it to 1, or RALPH_IMPORTS_ENABLED to false')
  }
  if (hasGrpc) throw refuse('gRPC needs a server with one process: set it to 1, or RALPH_GRPC__ENABLED to false')
}

/** A process that serves beside others. */
export interface WorkerPlace {
  /** From 0. One that takes the place of another has its number. */
  readonly number: number
  /** The port that all of them share. */
  readonly port: number
}

/** Tells a worker that it is one: its number and the port. */
const placeVariable = 'RALPH_WORKER'

/** Undefined: this process is not a worker. */
export const workerPlace = (): WorkerPlace | undefined => {
  const [, number, port] = /^(\d+):(\d+)$/.exec(process.env[placeVariable] ?? '') ?? []
  return number === undefined ? undefined : { number: Number(number), port: Number(port) }
}

/**
 * Lets a worker stop when the process that started it says so, or has ended. Signals do not stop it: they reach that process too, and a
 * worker that is told twice would not finish what it does.
 */
export const obeySupervisor = (stop: () => void): void => {
  for (const each of sentToAll) process.on(each, () => {})
  process.on('message', (message) => {
    if (message === 'stop') stop()
  })
  process.on('disconnect', stop)
  process.send?.('started')
}

/** The port that the workers are to share, which nobody else may have. Throws `ADDRESS_UNAVAILABLE`. */
const freePort = async (host: string, port: number): Promise<number> => {
  const server = createServer()
  try {
    // Workers may share a port that other programs listen on. This server may not.
    await once(server.listen({ host, port }), 'listening')
    const bound = server.address()
    return typeof bound === 'object' && bound !== null ? bound.port : port
  } catch (error) {
    throw asListenError(error, host, port)
  } finally {
    server.close()
  }
}

/** Resolves with whether the worker serves. If it does not, it has said why. */
const hasStarted = async (worker: ChildProcess): Promise<boolean> => {
  const decided = new AbortController()
  const { signal } = decided
  const started = once(worker, 'message', { signal }).then(() => true)
  const ended = once(worker, 'exit', { signal }).then(() => false)
  try {
    return await Promise.race([started, ended])
  } finally {
    decided.abort()
    await Promise.allSettled([started, ended])
  }
}

/** Milliseconds. A worker that served this long had a good start: the next one starts at once. */
const goodStart = 10_000
/** Milliseconds. */
const [firstPause, longestPause] = [1000, 30_000]

const pauseAfter = (failures: number): number =>
  failures === 0 ? 0 : Math.min(longestPause, firstPause * 2 ** (failures - 1))

export interface SuperviseOptions {
  readonly settings: Pick<ServerSettings, 'workers' | 'host' | 'port'>
  readonly logger: Logger
  /** Aborted: the start is given up. */
  readonly signal: AbortSignal
}

/**
 * Runs the server in several processes. Each is a whole server and opens the store by itself, as servers on several machines do. The kernel
 * gives each connection to one of them, so that one that dies takes only its own with it. A worker that ends is replaced. The first one
 * starts alone, because it makes what is missing in the store. Resolves when all have started, or when the first one could not: then the
 * exit code of this process is that of the worker.
 */
export const superviseWorkers = async ({ settings, logger, signal }: SuperviseOptions): Promise<void> => {
  const { workers: count, host } = settings
  const port = await freePort(host, settings.port)
  const [, program = ''] = process.argv
  /** Whether each of them serves already. */
  const workers = new Map<ChildProcess, boolean>()
  let isStopping = false

  const start = (number: number): ChildProcess => {
    const env = { ...process.env, [placeVariable]: `${number}:${port}` }
    const worker = fork(program, process.argv.slice(2), { env })
    workers.set(worker, false)
    worker.once('message', () => workers.set(worker, true))
    worker.once('exit', () => workers.delete(worker))
    return worker
  }

  /** Replaces the worker when it ends. `failures`: how many before it ended soon after their start. */
  const keep = (worker: ChildProcess, number: number, failures = 0): void => {
    const begun = performance.now()
    worker.once('exit', (code, by) => {
      if (isStopping) return
      const how = by === null ? `with exit code ${code}` : `by ${by}`
      logger.error(`The worker ${worker.pid} ended ${how}; another one takes its place`)
      const failed = performance.now() - begun < goodStart ? failures + 1 : 0
      setTimeout(() => {
        if (!isStopping) keep(start(number), number, failed)
      }, pauseAfter(failed))
    })
  }

  const stop = async (): Promise<void> => {
    isStopping = true
    const codes = await Promise.all(
      [...workers].map(async ([worker, isServing]): Promise<unknown> => {
        const ended = once(worker, 'exit')
        if (!isServing) worker.kill()
        else if (worker.connected) worker.send('stop')
        const [code] = await ended
        return isServing ? code : 0
      })
    )
    if (codes.some((code) => code !== 0)) throw new RalphError('INTERNAL', 'a worker did not stop cleanly')
  }

  const giveUp = (): void => {
    isStopping = true
    for (const worker of workers.keys()) worker.kill()
  }
  signal.addEventListener('abort', giveUp)
  const first = start(0)
  const exit = once(first, 'exit')
  if (!(await hasStarted(first))) {
    const [code] = await exit
    process.exitCode = typeof code === 'number' ? code : 1
    return
  }
  const others = Array.from({ length: count - 1 }, (_, at) => start(at + 1))
  for (const [number, worker] of [first, ...others].entries()) keep(worker, number)
  await Promise.all(others.map(hasStarted))
  signal.throwIfAborted()
  signal.removeEventListener('abort', giveUp)
  logger.info(`${count} workers serve`)
  closeWithGrace({ delay: grace + 2000, logger }, async ({ err }) => {
    if (err) logger.fatal({ err }, 'Ralph failed and stops')
    await stop()
  })
}
