import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Registry } from '../contracts/registry.ts'
import { messageOf, RalphError } from '../errors.ts'

export interface LockFlags {
  readonly ttl?: number
  readonly value?: string
  readonly wait?: number
}

interface LockedRun {
  readonly words: readonly string[]
  readonly flags: LockFlags
  readonly signal: AbortSignal
}

/** The exit code of a command that was ended by a signal, as in shells. */
const codeOfSignal = (signal: NodeJS.Signals | null): number => (signal === null ? 1 : 128 + constants.signals[signal])

/**
 * Runs a command while a lock is held. The exit code is that of the command. If the lock is lost, the command gets SIGTERM, and
 * the error is `CANNOT_LOCK`.
 */
export const runLocked = async (
  registry: Registry,
  key: string,
  { words, flags, signal }: LockedRun
): Promise<void> => {
  const lock = registry.newLock(key, {
    ttl: flags.ttl,
    value: flags.value === undefined ? undefined : Buffer.from(flags.value)
  })
  const patience = flags.wait === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(flags.wait)])
  const lost = await lock.lock(patience)
  const [file = '', ...rest] = words
  const child = spawn(file, rest, { stdio: 'inherit' })
  const stop = (): void => {
    child.kill('SIGTERM')
  }
  for (const each of [lost, signal]) each.addEventListener('abort', stop, { once: true })
  if (lost.aborted || signal.aborted) stop()
  try {
    const [code, by]: [number | null, NodeJS.Signals | null] = await once(child, 'exit').then(
      ([exitCode, bySignal]) => [exitCode, bySignal],
      (cause: unknown) => {
        throw new RalphError('USAGE', `${file} cannot be run: ${messageOf(cause)}`, {}, { cause })
      }
    )
    if (lost.aborted) throw new RalphError('CANNOT_LOCK', `the lock of ${key} was lost; ${file} got SIGTERM`, { key })
    process.exitCode = code ?? codeOfSignal(by)
  } finally {
    for (const each of [lost, signal]) each.removeEventListener('abort', stop)
    await lock.unlock()
  }
}
