import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { RalphError } from '../../errors.ts'
import { watchProcess } from './process.ts'

/** Reads a number when somebody asks for metrics. */
export type ReadNumber = () => number | Promise<number>

/** Label values of one name, and the number for them. */
export type ReadNumbers = () => ReadonlyMap<string, number> | Promise<ReadonlyMap<string, number>>

/** Counts and measures. No label has a value that a client can choose. */
export interface Metrics {
  /** A request was answered. `route` is a pattern of the server. */
  answered(method: string, route: string, status: number | string, seconds: number): void
  /** A request ended with this error. */
  refused(error: RalphError): void
  stored(inserted: number, already: number): void
  /** A call to the store begins. The returned function ends it; `code` is that of its error. */
  storeCall(call: string): (seconds: number, code?: string) => void
  gauge(name: string, help: string, read: ReadNumber): void
  gauges(name: string, help: string, label: string, read: ReadNumbers): void
  /** As `gauges`, of numbers that only grow. */
  counters(name: string, help: string, label: string, read: ReadNumbers): void
  /** In the text format of Prometheus. */
  text(): Promise<string>
  readonly contentType: string
  close(): void
}

/** Seconds. A write to SQLite takes less than one of these milliseconds, and a slow engine ten seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Rules are named by our schemas. If there were ever more, the others would be counted together. */
const mostRules = 300

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'gRPC'])

/** Remembers what is made for a key, because finding labels costs more than counting. */
const remembering = <Made>(make: (key: string) => Made): ((key: string) => Made) => {
  const known = new Map<string, Made>()
  return (key) => {
    const found = known.get(key)
    if (found !== undefined) return found
    const made = make(key)
    known.set(key, made)
    return made
  }
}

const requestMetrics = (registers: Registry[]) => {
  const requests = new Counter({
    name: 'ralph_requests_total',
    help: 'Requests that were answered',
    labelNames: ['method', 'route', 'status'],
    registers
  })
  const latency = new Histogram({
    name: 'ralph_request_duration_seconds',
    help: 'Seconds from the head of a request to the end of its answer',
    labelNames: ['method', 'route'],
    buckets,
    registers
  })
  const counterOf = remembering((key) => {
    const [method = '', route = '', status = ''] = key.split(' ')
    return requests.labels({ method, route, status })
  })
  const latencyOf = remembering((key) => {
    const [method = '', route = ''] = key.split(' ')
    return latency.labels({ method, route })
  })
  return (sent: string, route: string, status: number | string, seconds: number): void => {
    const method = methods.has(sent) ? sent : 'other'
    counterOf(`${method} ${route} ${status}`).inc()
    latencyOf(`${method} ${route}`).observe(seconds)
  }
}

const refusalMetrics = (registers: Registry[]) => {
  const codes = new Counter({
    name: 'ralph_rejections_total',
    help: 'Requests that ended with an error, by its code',
    labelNames: ['code'],
    registers
  })
  const rules = new Counter({
    name: 'ralph_broken_rules_total',
    help: 'Problems of statements that were rejected, by the rule that was broken; of one request 100 at most',
    labelNames: ['rule'],
    registers
  })
  const seen = new Set<string>()
  const bounded = (rule: string): string => {
    if (!seen.has(rule) && seen.size >= mostRules) return 'other'
    seen.add(rule)
    return rule
  }
  return ({ code, details }: RalphError): void => {
    codes.inc({ code })
    if (!Array.isArray(details.problems)) return
    for (const problem of details.problems) {
      const rule: unknown = typeof problem === 'object' && problem !== null ? Reflect.get(problem, 'rule') : undefined
      if (typeof rule === 'string') rules.inc({ rule: bounded(rule) })
    }
  }
}

const storeMetrics = (registers: Registry[]) => {
  const statements = new Counter({
    name: 'ralph_statements_total',
    help: 'Statements that were sent and are in the store: stored now, or there before',
    labelNames: ['outcome'],
    registers
  })
  const latency = new Histogram({
    name: 'ralph_store_call_duration_seconds',
    help: 'Seconds of a call to the store',
    labelNames: ['call'],
    buckets,
    registers
  })
  const failures = new Counter({
    name: 'ralph_store_call_failures_total',
    help: 'Calls to the store that failed, by the code of the error',
    labelNames: ['call', 'code'],
    registers
  })
  const waiting = new Gauge({
    name: 'ralph_store_calls_in_flight',
    help: 'Calls to the store that have not ended: those that wait for their batch, too',
    labelNames: ['call'],
    registers
  })
  const ofCall = remembering((call) => ({ latency: latency.labels({ call }), waiting: waiting.labels({ call }) }))
  const [inserted, already] = ['stored', 'already'].map((outcome) => statements.labels({ outcome }))
  return {
    stored: (now: number, before: number): void => {
      inserted?.inc(now)
      already?.inc(before)
    },
    storeCall: (call: string) => {
      const own = ofCall(call)
      own.waiting.inc()
      return (seconds: number, code?: string): void => {
        own.waiting.dec()
        own.latency.observe(seconds)
        if (code !== undefined) failures.inc({ call, code })
      }
    }
  }
}

export const createMetrics = (version: string): Metrics => {
  const registry = new Registry()
  const registers = [registry]
  new Gauge({ name: 'ralph_info', help: 'The version of Ralph', labelNames: ['version'], registers }).set(
    { version },
    1
  )
  const numbers: Metrics['gauges'] = (name, help, label, read) => {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      async collect() {
        const found = await read()
        this.reset()
        for (const [value, number] of found) this.set({ [label]: value }, number)
      }
    })
  }
  const metrics: Omit<Metrics, 'close'> = {
    answered: requestMetrics(registers),
    refused: refusalMetrics(registers),
    ...storeMetrics(registers),
    gauge: (name, help, read) => {
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          this.set(await read())
        }
      })
    },
    gauges: numbers,
    counters: (name, help, label, read) => {
      new Counter({
        name,
        help,
        labelNames: [label],
        registers,
        async collect() {
          const found = await read()
          this.reset()
          for (const [value, number] of found) this.inc({ [label]: value }, number)
        }
      })
    },
    text: () => registry.metrics(),
    contentType: registry.contentType
  }
  return { ...metrics, close: watchProcess(registers) }
}
