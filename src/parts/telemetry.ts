import type { Server } from 'node:http'
import type { ForwardingStatus, Forwardings } from '../contracts/forwardings.ts'
import type { Imports } from '../contracts/imports.ts'
import type { Log } from '../contracts/log.ts'
import type { Part, PartContext } from '../contracts/part.ts'
import type { MetricsSettings } from '../settings/metrics.ts'
import type { LogHook } from '../telemetry/hooks/hook.ts'
import type { Metrics } from '../telemetry/metrics/metrics.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

/** Parts that have numbers of their own. Undefined: the server does not have this part. */
export interface MeasuredParts {
  readonly imports: Part<Imports> | undefined
  readonly forwarding: Part<Forwardings> | undefined
  readonly hooks: Part<readonly LogHook[]> | undefined
}

export interface TelemetryOptions {
  readonly metrics: MetricsSettings
  readonly version: string
  readonly log: Log
  /** Asked when metrics are. The parts may be started later than this one. */
  readonly measured: () => MeasuredParts
}

type Ask = <Service>(part: Part<Service> | undefined) => Service | undefined

/** The largest number of each forwarding: it may have any number of targets, which are no labels. */
const worst = (all: readonly ForwardingStatus[], read: (one: ForwardingStatus) => number) => {
  const found = new Map<string, number>()
  for (const each of all) found.set(each.name, Math.max(found.get(each.name) ?? 0, read(each)))
  return found
}

const sum = (all: readonly ForwardingStatus[], read: (one: ForwardingStatus) => number) => {
  const found = new Map<string, number>()
  for (const each of all) found.set(each.name, (found.get(each.name) ?? 0) + read(each))
  return found
}

const measureForwardings = (metrics: Metrics, statuses: () => Promise<readonly ForwardingStatus[]>): void => {
  const label = 'forwarding'
  const lag = 'Seconds since the oldest statement was stored that is not delivered'
  metrics.gauges('ralph_forwarding_lag_seconds', lag, label, async () => worst(await statuses(), (one) => one.lag))
  const trouble = '1: statements cannot be delivered now'
  metrics.gauges('ralph_forwarding_trouble', trouble, label, async () =>
    worst(await statuses(), ({ state }) => (state === 'trouble' ? 1 : 0))
  )
  const oldest = 'When the oldest statement was stored that is not delivered'
  metrics.gauges('ralph_forwarding_oldest_undelivered_timestamp_seconds', oldest, label, async () => {
    const waiting = (await statuses()).flatMap(({ name, oldestUndelivered: time }) =>
      time === undefined ? [] : [[name, Date.parse(time) / 1000] as const]
    )
    // The first of each name stays: the oldest.
    return new Map(waiting.toSorted(([, left], [, right]) => right - left))
  })
  const delivered = 'Statements that this server has delivered'
  metrics.counters('ralph_forwarding_delivered_total', delivered, label, async () =>
    sum(await statuses(), (one) => one.delivered)
  )
  const dead = 'Statements that the receiver has refused for good'
  metrics.gauges('ralph_forwarding_dead_letters', dead, label, async () =>
    sum(await statuses(), ({ deadLetters }) => deadLetters)
  )
}

const measureParts = (metrics: Metrics, ask: Ask, { running }: PartContext, measured: () => MeasuredParts): void => {
  metrics.gauges('ralph_part_ok', '1: this part of the server is well', 'part', async () => {
    const all = [...running()].map(async ([name, part]) => {
      const { state } = await part.health().catch(() => ({ state: 'error' }))
      return [name, state === 'ok' ? 1 : 0] as const
    })
    return new Map(await Promise.all(all))
  })
  const { imports, forwarding, hooks } = measured()
  if (imports !== undefined) {
    const help = 'Imports that are known, by their status'
    metrics.gauges('ralph_imports', help, 'status', async () => (await ask(imports)?.counts()) ?? new Map())
  }
  if (forwarding !== undefined) measureForwardings(metrics, async () => (await ask(forwarding)?.status()) ?? [])
  if (hooks !== undefined) {
    const ofHooks = (read: (hook: LogHook) => number) => () =>
      new Map((ask(hooks) ?? []).map((hook) => [hook.name, read(hook)]))
    const dropped = 'Lines of the log that did not arrive'
    metrics.counters(
      'ralph_log_hook_dropped_lines_total',
      dropped,
      'hook',
      ofHooks((hook) => hook.dropped())
    )
    metrics.gauges(
      'ralph_log_hook_waiting_lines',
      'Lines of the log that wait',
      'hook',
      ofHooks((hook) => hook.waiting())
    )
  }
}

const startMetrics = async (
  { metrics: settings, version, log, measured }: TelemetryOptions,
  context: PartContext
): Promise<{ readonly metrics: Metrics; stop(): Promise<void> }> => {
  const [{ createMetrics }, { serveMetrics }] = await Promise.all([
    import('../telemetry/metrics/metrics.ts'),
    import('../telemetry/metrics/serve.ts')
  ])
  const metrics = createMetrics(version)
  const ask: Ask = (part) => (part !== undefined && context.running().has(part.name) ? context.use(part) : undefined)
  measureParts(metrics, ask, context, measured)
  const server: Server = await serveMetrics(settings, metrics, (message) => log.warn(message))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : settings.port
  log.info(
    `Metrics are at http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}/metrics`
  )
  return {
    metrics,
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      metrics.close()
    }
  }
}

/** What is told of the server to programs. It starts before what it measures. */
export const telemetryPart = (options: TelemetryOptions): Part<Telemetry> => ({
  name: 'telemetry',
  start: async (context) => {
    const measuring = options.metrics.enabled ? await startMetrics(options, context) : undefined
    return {
      service: { metrics: measuring?.metrics },
      stop: async () => measuring?.stop(),
      health: async () => ({ state: 'ok' })
    }
  }
})
