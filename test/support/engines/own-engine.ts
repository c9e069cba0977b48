import type { Test } from 'tap'
import type { EngineName, Missing, PrivateEngine } from './engine.ts'
import { type PrivateEngineOptions, startPrivateEngine } from './private-engine.ts'

/**
 * An engine of a test's own, whose data is in the directory of the test.
 *
 * tap removes that directory before it runs any teardown that was registered after `t.testdir()`. So the stop of the
 * engine is registered first: an engine that still writes would make the removal fail, and would outlive the test.
 */
export const ownEngine = async (
  t: Test,
  name: EngineName,
  options: PrivateEngineOptions = {}
): Promise<PrivateEngine | Missing> => {
  let engine: PrivateEngine | Missing | undefined
  t.teardown(async () => {
    if (engine !== undefined && !('missing' in engine)) await engine.stop()
  })
  engine = await startPrivateEngine(name, t.testdir(), options)
  return engine
}
