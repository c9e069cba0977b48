import { RalphError } from '../errors.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs work that Ctrl-C and similar signals end early but cleanly, with `INTERRUPTED`. A second signal ends the process at once.
 * Work that finished in spite of the signal counts as interrupted too, so that a loop of a shell stops.
 */
export const interruptible = async <Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> => {
  const interrupted = new AbortController()
  const interrupt = (signal: NodeJS.Signals): void => {
    interrupted.abort(new RalphError('INTERRUPTED', `interrupted by ${signal}`, { signal }))
    for (const each of signals) process.off(each, interrupt)
  }
  for (const each of signals) process.on(each, interrupt)
  try {
    const result = await work(interrupted.signal)
    interrupted.signal.throwIfAborted()
    return result
  } catch (error) {
    interrupted.signal.throwIfAborted()
    throw error
  } finally {
    for (const each of signals) process.off(each, interrupt)
  }
}

/** Milliseconds that other listeners of the signal, such as a tracer, have to end the process. */
const patience = 1000

/**
 * Ends the process by the signal that interrupted it. A shell ends a loop only if it sees this; an exit code would tell it that
 * the command handled the signal itself.
 */
export const endAsInterrupted = async (error: unknown): Promise<void> => {
  if (!(error instanceof RalphError) || error.code !== 'INTERRUPTED') return
  const signal = signals.find((each) => each === error.details.signal)
  if (signal === undefined) return
  process.kill(process.pid, signal)
  await new Promise((resolve) => setTimeout(resolve, patience))
}
