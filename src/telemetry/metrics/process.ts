import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { Counter, Gauge, type Registry } from 'prom-client'

const nanoseconds = 1e9

/** The names that dashboards of prom-client know. Its own collectors also watch the garbage collector, which costs speed. */
export const watchProcess = (registers: Registry[]): (() => void) => {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const started = performance.timeOrigin / 1000
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      }
    })
  }
  const memory = () => process.memoryUsage()
  gauge('process_start_time_seconds', 'When the process started', () => started)
  gauge('process_resident_memory_bytes', 'Resident memory', () => memory().rss)
  gauge('nodejs_heap_size_total_bytes', 'Heap of V8', () => memory().heapTotal)
  gauge('nodejs_heap_size_used_bytes', 'Heap of V8 that is used', () => memory().heapUsed)
  gauge('nodejs_external_memory_bytes', 'Memory outside of the heap, such as buffers', () => memory().external)
  gauge('nodejs_eventloop_lag_mean_seconds', 'Mean delay of the event loop since it was last asked for', () => {
    const mean = delay.mean / nanoseconds
    return Number.isFinite(mean) ? mean : 0
  })
  gauge('nodejs_eventloop_lag_p99_seconds', '99th percentile of the same', () => delay.percentile(99) / nanoseconds)
  gauge('nodejs_eventloop_lag_max_seconds', 'Longest of the same', () => {
    const longest = delay.max / nanoseconds
    // The last of the three that is read begins the next period.
    delay.reset()
    return longest
  })
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time, user and system',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    }
  })
  return () => delay.disable()
}
