import { RalphError } from '../errors.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Does something that Ctrl-C and the like end early, in good order: `INTERRUPTED`. The second one ends the process at
 * once. What was done to its end all the same is interrupted too: a loop of a shell is to stop.
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

/** Milliseconds that whoever else listens to the signal, a tracer for one, has to let it through. */
const patience = 1000

/**
 * Ends the process as the signal would have that it was interrupted by. A shell ends a loop only when it sees that; an
 * exit code tells it that the command took care of the signal itself.
 */
export const endAsInterrupted = async (error: unknown): Promise<void> => {
  if (!(error instanceof RalphError) || error.code !== 'INTERRUPTED') return
  const signal = signals.find((each) => each === error.details.signal)
  if (signal === undefined) return
  process.kill(process.pid, signal)
  await new Promise((resolve) => setTimeout(resolve, patience))
}
