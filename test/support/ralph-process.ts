import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** What was compiled for one process need not be compiled for the next: it starts in a third of the time. */
export const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), 'ralph-tests-compiled') }

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface RalphOptions {
  /** All there is in the environment besides what a process needs. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Standard input; none: it is empty. */
  readonly input?: string
  /** KiB that a file may have (`ulimit -f`): beyond it the disk is full. */
  readonly fileLimit?: number
}

export interface RalphResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `ralph` in a process of its own, which ends with the test. */
export const startRalph = (t: Test, words: readonly string[], options: RalphOptions = {}): ChildProcess => {
  const { PATH = '', SystemRoot } = process.env
  const { fileLimit } = options
  const [program, before]: readonly [string, readonly string[]] =
    fileLimit === undefined
      ? [process.execPath, []]
      : ['bash', ['-c', `ulimit -f ${fileLimit}; exec "$@"`, 'bash', process.execPath]]
  const child = spawn(program, [...before, main, ...words], {
    cwd: options.cwd ?? tmpdir(),
    env: {
      PATH,
      HOME: '/nonexistent',
      ...compileCache,
      ...(SystemRoot === undefined ? {} : { SystemRoot }),
      ...options.env
    },
    stdio: ['pipe', 'pipe', 'pipe']
  })
  child.stdin?.on('error', (error: NodeJS.ErrnoException) => {
    // It ended without reading all; whoever asks for its exit code learns that.
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') throw error
  })
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  return child
}

const gather = (stream: NodeJS.ReadableStream | null): (() => string) => {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

/** Runs `ralph` to its end. */
export const ralph = async (t: Test, words: readonly string[], options: RalphOptions = {}): Promise<RalphResult> => {
  const child = startRalph(t, words, options)
  const stdout = gather(child.stdout)
  const stderr = gather(child.stderr)
  child.stdin?.end(options.input ?? '')
  const [code, signal] = await once(child, 'close')
  return { code, signal, stdout: stdout(), stderr: stderr() }
}

export interface RunningRalph {
  readonly child: ChildProcess
  /** Without trailing slash. */
  readonly url: string
  /** Everything that it has logged. */
  readonly log: () => string
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

/** Starts `ralph runserver` on a free port and waits until it listens; rejects with its log when it ends before. */
export const runserver = async (
  t: Test,
  words: readonly string[],
  options: RalphOptions = {}
): Promise<RunningRalph> => {
  const child = startRalph(t, ['runserver', '--port', '0', ...words], options)
  const log = gather(child.stderr)
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', () => {
      const found = /Ralph listens on (http:\/\/[^/]+)/.exec(log())?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('close', () => reject(new Error(log())))
  })
  return {
    child,
    url,
    log,
    stop: async (signal = 'SIGTERM') => {
      const ended = once(child, 'close')
      child.kill(signal)
      const [code, by] = await ended
      return { code, signal: by }
    }
  }
}
