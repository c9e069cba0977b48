import closeWithGrace from 'close-with-grace'
import type { Part } from '../contracts/part.ts'
import type { Logger } from '../telemetry/logger.ts'
import { startParts } from './start.ts'

/** Milliseconds that work in flight has when the server is told to stop. */
const grace = 25_000

/** Starts the parts, and resolves when they run. They stop when the process is told to stop, or fails. */
export const runParts = async (parts: readonly Part[], logger: Logger, signal: AbortSignal): Promise<void> => {
  const { stop } = await startParts(parts, { log: logger, signal })
  closeWithGrace({ delay: grace, logger }, async ({ err, signal: received }) => {
    if (err) logger.fatal({ err }, 'Ralph failed and stops')
    else logger.info(`${received ?? 'End'}: finishing what is in flight`)
    await stop()
    logger.info('Ralph has stopped')
  })
}
