import type { Part } from '../contracts/part.ts'
import type { LoggerSettings } from '../settings/logger.ts'
import type { LogHook } from '../telemetry/hooks/hook.ts'
import type { ServerLog } from '../telemetry/logger.ts'

/** Sends the log of the server to other places too. It is the first part, so that they have the lines of all others. */
export const logHooksPart = (settings: LoggerSettings, { logger, attach }: ServerLog): Part<readonly LogHook[]> => ({
  name: 'log-hooks',
  start: async () => {
    const { startHooks } = await import('../telemetry/hooks/index.ts')
    const hooks = startHooks(settings, (message) => logger.warn(message))
    const detach = hooks.map((hook) => attach(hook.write))
    return {
      service: hooks,
      stop: async () => {
        for (const each of detach) each()
        await Promise.all(hooks.map((hook) => hook.close()))
      },
      health: async () => hooks.map((hook) => hook.health()).find(({ state }) => state !== 'ok') ?? { state: 'ok' }
    }
  }
})
