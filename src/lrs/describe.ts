import type { CallOptions, Descriptions } from '../contracts/statement-store.ts'
import { allows } from '../identity/principal.ts'
import { createMetadataIndex, type MetadataIndex } from '../xapi/descriptions.ts'
import type { StatementFilters } from '../xapi/filters.ts'
import type { ActivityDefinition, LanguageMap, Statement } from '../xapi/statement.ts'
import type { Call } from './call.ts'
import { describedAs, readsOnly } from './restriction.ts'

/**
 * The merged metadata of Activities, Verbs and Agents in the statements that the principal may read. Stores keep the merged metadata of all
 * statements, and since RALPH_LRS_RESTRICT_BY_AUTHORITY was set also of each Authority. Older metadata is found in the newest statements of
 * the principal.
 */

/** The most statements to look at. It limits the cost of an answer. */
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

/** Undefined for a principal that may read everything, and for one that may not define metadata. */
const metadataOfOwn = async (call: Call, filters: StatementFilters): Promise<MetadataIndex | undefined> => {
  const authority = readsOnly(call)
  const defines = !call.rules.restrictByScopes || allows(call.principal, 'define')
  if (authority === undefined || !defines) return undefined
  const options: CallOptions = { signal: call.signal }
  const query = { ...filters, authority, ascending: false, limit: mostLookedAt }
  const { statements } = await call.store.statements.query(query, options)
  const metadata = createMetadataIndex()
  // The later one wins. The store contains only validated statements.
  for (const { text } of statements.toReversed()) metadata.add(JSON.parse(text) as Statement)
  return metadata
}
