import type { Test } from 'tap'
import type { Clock } from '../../src/contracts/clock.ts'
import type { BackendContext, LrsBackend, LrsStore } from '../../src/contracts/lrs-backend.ts'
import { aClock, type ShiftableClock } from '../support/clock.ts'

/** A backend on data of its own, empty at first. Whoever opens it closes it when `t` ends. */
export interface OpenedBackend {
  readonly backend: LrsBackend
  /** Closes the backend and opens another on the same data; absent where nothing is durable. */
  readonly reopen?: () => Promise<LrsBackend>
}

/** How a test file opens its backend for the suites. `clock` is the only clock that the backend may look at. */
export type OpenBackend = (t: Test, clock: Clock) => Promise<OpenedBackend>

/** For `OpenBackend`: a context whose warnings are printed as comments. */
export const contextOf = (t: Test, clock: Clock, appDir: string): BackendContext => ({
  clock,
  appDir,
  warn: (message) => t.comment(message)
})

/** What the tests of one suite share: one backend, in which every test has a target of its own. */
export interface Suite {
  readonly clock: ShiftableClock
  readonly backend: LrsBackend
  /** The store of a target that nothing was ever stored in. */
  fresh(): Promise<LrsStore>
  /** A backend of its own, for tests that close it. */
  open(t: Test): Promise<OpenedBackend>
}

export const openSuite = async (t: Test, open: OpenBackend): Promise<Suite> => {
  const clock = aClock()
  const { backend } = await open(t, clock.now)
  let targets = 0
  return {
    clock,
    backend,
    fresh: () => {
      targets += 1
      return backend.store(`contract_${targets}`)
    },
    open: (test) => open(test, clock.now)
  }
}
