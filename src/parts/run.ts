import closeWithGrace from 'close-with-grace'
import type { Part } from '../contracts/part.ts'
import type { Logger } from '../telemetry/logger.ts'
import { startParts } from './start.ts'

/** Milliseconds that work in flight has when the server is told to stop. */
export const grace = 25_000

/** The signals that a terminal, or a service manager, sends to all processes of a server. */
export const sentToAll = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const

/**
 * Starts the parts, and resolves when they run. They stop when the process is told to stop, or fails.
 * @param obey for a worker: who tells it to stop
 */
export const runParts = async (
  parts: readonly Part[],
  logger: Logger,
  signal: AbortSignal,
  obey?: (stop: () => void) => void
): Promise<void> => {
  const { stop } = await startParts(parts, { log: logger, signal })
  const { close } = closeWithGrace(
    { delay: grace, logger, skip: obey === undefined ? [] : [...sentToAll] },
    async ({ err, signal: received }) => {
      if (err) logger.fatal({ err }, 'Ralph failed and stops')
      else logger.info(`${received ?? 'End'}: finishing what is in flight`)
      await stop()
      logger.info('Ralph has stopped')
    }
  )
  obey?.(close)
}
