import type { Problem } from '../errors.ts'
import type { Version } from '../xapi/version.ts'
import { explain } from './explain.ts'
import { everyError, firstError, type SchemaName } from './registry.ts'
import { findIllFormed } from './rules/well-formed.ts'
import { hasMoreValuesThan } from './size.ts'

export type AgentKind = Extract<SchemaName, 'agent' | 'agent-or-identified-group'>

const mostValues = 2000

/** The problems of parsed JSON that should be an Agent, as in the `agent` parameter. None if it is valid. */
export const validateAgent = (value: unknown, version: Version, kind: AgentKind): readonly Problem[] => {
  const illFormed = findIllFormed(value)
  if (illFormed !== undefined) return [{ index: 0, ...illFormed }]
  const first = firstError(value, kind, version)
  if (first.length === 0) return []
  const errors = hasMoreValuesThan(value, mostValues) ? first : everyError(value, kind, version)
  return explain(errors).map((fault) => ({ index: 0, ...fault }))
}
