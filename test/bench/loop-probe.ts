import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/**
 * Loaded into a server by `--import`: on SIGWINCH it writes down how long its event loop kept others waiting since it was
 * last asked, in milliseconds, and begins anew. And how long it was busy itself in one go: where other processes want the
 * processors too, the rest of a delay is theirs.
 */
const { LOOP_PROBE_FILE: file = '' } = process.env
const delays = monitorEventLoopDelay({ resolution: 5 })
delays.enable()

let busiest = 0
let before = process.threadCpuUsage()
setInterval(() => {
  const { user, system } = process.threadCpuUsage(before)
  busiest = Math.max(busiest, (user + system) / 1000)
  before = process.threadCpuUsage()
}, 5).unref()

process.on('SIGWINCH', () => {
  // The timer itself is late by its own resolution.
  const milliseconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - 5)
  writeFileSync(
    file,
    JSON.stringify({
      p50: milliseconds(delays.percentile(50)),
      p99: milliseconds(delays.percentile(99)),
      worst: milliseconds(delays.max),
      busiest
    })
  )
  delays.reset()
  busiest = 0
})
