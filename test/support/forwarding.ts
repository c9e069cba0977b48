import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import type { LrsBackend, LrsStore } from '../../src/contracts/lrs-backend.ts'
import { type RunningForwardings, startForwardings } from '../../src/forwarding/index.ts'
import { loadForwardings } from '../../src/settings/forwardings.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { sourcesOf } from './settings-of.ts'

export const forwardingsOf = (value: unknown) =>
  loadForwardings(sourcesOf({ environment: { RALPH_XAPI_FORWARDINGS: JSON.stringify(value) } }))

/** A server that forwards, without its doors. */
export interface Forwarder {
  readonly backend: LrsBackend
  readonly store: LrsStore
  readonly running: RunningForwardings
  /** What it logged. */
  readonly log: string[]
  stop(): Promise<void>
}

export interface ForwarderOptions {
  /** As in RALPH_XAPI_FORWARDINGS. */
  readonly forwardings: readonly object[]
  /** Undefined: a store that is empty. */
  readonly backend?: LrsBackend
  readonly lockOf?: Parameters<typeof startForwardings>[0]['lockOf']
}

const microsNow = (): number => Date.now() * 1000

export const anEmptyBackend = async (t: Test): Promise<LrsBackend> => {
  const directory = t.testdir({ [randomUUID()]: {} })
  return openSqlite({ directory }, contextOf(t, microsNow, directory))
}

/** Pauses are so short that a test need not wait; without end as in the server. */
export const quickPauses = { attempts: Number.POSITIVE_INFINITY, firstPause: 20, longestPause: 100 }

export const startForwarder = async (t: Test, options: ForwarderOptions): Promise<Forwarder> => {
  const backend = options.backend ?? (await anEmptyBackend(t))
  const log: string[] = []
  const say = (message: string): void => {
    log.push(message)
  }
  const running = startForwardings({
    forwardings: forwardingsOf(options.forwardings),
    storeOf: (target) => backend.store(target),
    lockOf: options.lockOf,
    clock: microsNow,
    log: { debug: say, info: say, warn: say, error: say },
    version: '1.2.3',
    pauses: quickPauses
  })
  let isStopped = false
  const stop = async (): Promise<void> => {
    if (isStopped) return
    isStopped = true
    await running.stop(1000)
  }
  t.teardown(async () => {
    await stop()
    if (options.backend === undefined) await backend.close()
  })
  await running.begun
  return { backend, store: await backend.store(undefined), running, log, stop }
}
