import type { Log } from '../contracts/log.ts'
import type { Part, PartContext, RunningPart } from '../contracts/part.ts'
import { messageOf, RalphError } from '../errors.ts'

export interface StartOptions {
  readonly log: Log
  readonly signal: AbortSignal
}

export interface StartedParts {
  /** Stops all parts, the last one first. If one fails, the others are stopped too, and the first failure is thrown. */
  stop(): Promise<void>
}

/**
 * Starts the parts one after the other. If one fails, or the signal is aborted, the started parts are stopped, and the failure is thrown.
 */
export const startParts = async (parts: readonly Part[], { log, signal }: StartOptions): Promise<StartedParts> => {
  const started = new Map<Part, RunningPart>()

  const stop = async (): Promise<void> => {
    const failures: unknown[] = []
    for (const [part, running] of [...started].reverse()) {
      started.delete(part)
      try {
        await running.stop()
      } catch (error) {
        log.error(`The part ${part.name} did not stop cleanly: ${messageOf(error)}`)
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  const use = <Service>(part: Part<Service>): Service => {
    const running = started.get(part)
    if (running === undefined) throw new RalphError('INTERNAL', `The part ${part.name} was used before it was started.`)
    // The part itself has started it.
    return running.service as Service
  }

  const context: PartContext = {
    signal,
    use,
    running: () => new Map([...started].map(([{ name }, running]) => [name, running]))
  }

  try {
    for (const part of parts) {
      started.set(part, await part.start(context))
      signal.throwIfAborted()
    }
  } catch (error) {
    // Failures of stopping are in the log. The first failure is thrown.
    await Promise.allSettled([stop()])
    throw error
  }
  return { stop }
}
