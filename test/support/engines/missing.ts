import type { Missing } from './engine.ts'

const isOn = (value: string | undefined): boolean => value !== undefined && !['', '0', 'false'].includes(value)

/** Gives the reason, with which a test skips; throws it where all engines must run. */
export const unlessRequired = (reason: string): Missing => {
  if (isOn(process.env.CI) || isOn(process.env.RALPH_TEST_REQUIRE_ENGINES)) throw new Error(reason)
  return { missing: reason }
}
