import { RalphError } from '../errors.ts'
import type { Kind } from '../settings/kinds.ts'

/** How commander reads a flag: `USAGE` for what is no such value. */
export const flagOf =
  <Value>(flag: string, kind: Kind<Value>) =>
  (text: string): Value => {
    const value = kind.parse(text)
    if (value !== undefined) return value
    throw new RalphError('USAGE', `${flag} is ${JSON.stringify(text)}, expected ${kind.expected}`)
  }
