import type { Json } from '../xapi/statement.ts'
import { isObject } from './json.ts'

/** What the tracking log has at the top of an event, and the event bus in its context. */
const moved = ['username', 'session', 'ip', 'agent', 'host', 'referer', 'accept_language'] as const

/**
 * An event as the tracking log has it. Who listens to the event bus of Open edX gets `name`, `data`, `timestamp` and
 * `context`; the platform makes these members of them before it writes the log. Anything else stays what it is.
 */
export const asLogged = (value: unknown): unknown => {
  if (!isObject(value) || value.event !== undefined || value.data === undefined) return value
  if (typeof value.event_type === 'string' && typeof value.event_source === 'string') {
    // Half of the way: with the members of a log, and its content as on the bus.
    const { data: event, timestamp, ...rest } = value
    return timestamp === undefined || rest.time !== undefined ? { ...rest, event } : { ...rest, event, time: timestamp }
  }
  const { name, data, timestamp, context: given = {}, ...rest } = value
  if (typeof name !== 'string' || !isObject(given)) return value
  const { event_type: type, event_source: source, page, ...kept } = given
  const context: { [key: string]: Json } = kept
  const logged: Record<string, unknown> = { ...rest, name, event: data, context }
  for (const key of moved) {
    if (context[key] === undefined) continue
    logged[key] = context[key]
    delete context[key]
  }
  if (timestamp !== undefined) logged.time = timestamp
  logged.event_type = typeof type === 'string' ? type : name
  logged.event_source = typeof source === 'string' ? source : 'server'
  logged.page = page ?? null
  return logged
}
