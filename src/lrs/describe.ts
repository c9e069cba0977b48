import type { CallOptions, Descriptions } from '../contracts/statement-store.ts'
import { allows } from '../identity/principal.ts'
import { createMetadataIndex, type MetadataIndex } from '../xapi/descriptions.ts'
import type { StatementFilters } from '../xapi/filters.ts'
import type { ActivityDefinition, LanguageMap, Statement } from '../xapi/statement.ts'
import type { Call } from './call.ts'
import { describedAs, readsOnly } from './restriction.ts'

/**
 * What the statements that the principal may read say of Activities, Verbs and Agents. What everybody's say, stores keep
 * merged; so they do for each Authority since RALPH_LRS_RESTRICT_BY_AUTHORITY was set. What is older is found in the
 * newest of the principal's own statements.
 */

/** So many of these are looked at: more may say more, but an answer costs no more than this. */
const mostLookedAt = 100

export const describe = async (
  call: Call,
  iris: { readonly activities: readonly string[]; readonly verbs: readonly string[] }
): Promise<Descriptions> => {
  const nameOf = describedAs(call)
  const activities = new Map(iris.activities.map((iri) => [nameOf(iri), iri]))
  const verbs = new Map(iris.verbs.map((iri) => [nameOf(iri), iri]))
  const asked = { activities: [...activities.keys()], verbs: [...verbs.keys()] }
  const { definitions, displays } = await call.store.statements.describe(asked, call)
  return {
    definitions: named<ActivityDefinition>(definitions, activities),
    displays: named<LanguageMap>(displays, verbs)
  }
}

const named = <Value>(found: ReadonlyMap<string, Value>, iris: ReadonlyMap<string, string>): Map<string, Value> =>
  new Map([...found].map(([name, value]) => [iris.get(name) ?? name, value]))

export const definitionOf = async (call: Call, activity: string): Promise<ActivityDefinition | undefined> => {
  const { definitions } = await describe(call, { activities: [activity], verbs: [] })
  const found = definitions.get(activity)
  if (found !== undefined) return found
  const own = await metadataOfOwn(call, { activity, relatedActivities: true })
  return own?.describe([activity], []).definitions.get(activity)
}

export const namesOf = async (call: Call, agent: string): Promise<readonly string[]> => {
  const found = await call.store.statements.agentNames(describedAs(call)(agent), call)
  if (found.length > 0) return found
  return (await metadataOfOwn(call, { agent, relatedAgents: true }))?.names(agent) ?? found
}

/** Undefined for who may read everything, and for who may not define: his statements teach nothing. */
const metadataOfOwn = async (call: Call, filters: StatementFilters): Promise<MetadataIndex | undefined> => {
  const authority = readsOnly(call)
  const defines = !call.rules.restrictByScopes || allows(call.principal, 'define')
  if (authority === undefined || !defines) return undefined
  const options: CallOptions = { signal: call.signal }
  const query = { ...filters, authority, ascending: false, limit: mostLookedAt }
  const { statements } = await call.store.statements.query(query, options)
  const metadata = createMetadataIndex()
  // The later one wins. The store holds only what was validated when it came in.
  for (const { text } of statements.toReversed()) metadata.add(JSON.parse(text) as Statement)
  return metadata
}
