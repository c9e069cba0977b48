import type { LoggerSettings, LogHookName } from '../../settings/logger.ts'
import { elasticSearchReceiver } from './elastic-search.ts'
import { gelfReceiver } from './gelf.ts'
import { type LineReceiver, type LogHook, startHook } from './hook.ts'
import { syslogReceiver } from './syslog.ts'

const receivers: { readonly [name in LogHookName]: (settings: LoggerSettings) => LineReceiver } = {
  syslog: ({ syslog }) => syslogReceiver(syslog),
  elastic_search: elasticSearchReceiver,
  gelf: ({ gelf }) => gelfReceiver(gelf)
}

/** Starts the hooks of the settings, each once. */
export const startHooks = (settings: LoggerSettings, warn: (message: string) => void): readonly LogHook[] =>
  Object.entries(receivers).flatMap(([name, receiver]) =>
    settings.hooks.includes(name) ? [startHook({ name, receiver: receiver(settings), most: settings.queue, warn })] : []
  )
