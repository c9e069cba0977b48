import { RalphError } from '../errors.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Does something that Ctrl-C and the like end early, in good order: `INTERRUPTED`. The second one ends the process at
 * once.
 */
export const interruptible = async <Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> => {
  const interrupted = new AbortController()
  const interrupt = (signal: NodeJS.Signals): void => {
    interrupted.abort(new RalphError('INTERRUPTED', `interrupted by ${signal}`))
    for (const each of signals) process.off(each, interrupt)
  }
  for (const each of signals) process.on(each, interrupt)
  try {
    return await work(interrupted.signal)
  } catch (error) {
    interrupted.signal.throwIfAborted()
    throw error
  } finally {
    for (const each of signals) process.off(each, interrupt)
  }
}
