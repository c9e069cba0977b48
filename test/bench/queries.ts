import { sampleStatements } from '../../src/sample/index.ts'
import { identifierKey } from '../../src/xapi/identifier.ts'
import { type Actor, isGroup } from '../../src/xapi/statement.ts'
import { everyActor, inheritableTerms, type Term } from '../../src/xapi/terms.ts'

/** How many statements each answer has: every value is in at least this many, whatever the size of the store. */
const limit = 20
const valuesPerFilter = 20

interface Values {
  readonly agents: readonly string[]
  readonly relatedAgents: readonly string[]
  readonly verbs: readonly string[]
  readonly activities: readonly string[]
  readonly relatedActivities: readonly string[]
  readonly registrations: readonly string[]
}

/** Up to `valuesPerFilter` of them, from the most frequent to the rarest. */
const spread = (values: readonly string[]): readonly string[] => {
  const step = Math.max(1, values.length / valuesPerFilter)
  return Array.from(
    { length: Math.min(valuesPerFilter, values.length) },
    (_, index) => values[Math.floor(index * step)] ?? ''
  )
}

/** An Agent by what identifies it, as the parameter `agent` takes it. */
const agentParameter = ({ mbox, mbox_sha1sum, openid, account }: Actor): string =>
  JSON.stringify({ mbox, mbox_sha1sum, openid, account })

/** What to ask for: values that occur at least `limit` times in the first `count` statements of the generator. */
const findValues = (count: number): Values => {
  const occurrences = new Map<Term, number>()
  const agents = new Map<string, string>()
  for (const statement of sampleStatements({ count })) {
    for (const term of inheritableTerms(statement)) occurrences.set(term, (occurrences.get(term) ?? 0) + 1)
    for (const actor of everyActor(statement)) {
      const members = isGroup(actor) ? (actor.member ?? []) : []
      for (const each of [actor, ...members]) {
        const key = identifierKey(each)
        if (key !== undefined) agents.set(key, agentParameter(each))
      }
    }
  }
  const frequent = [...occurrences].filter(([, times]) => times >= limit).sort(([, left], [, right]) => right - left)
  const of = (letter: string): readonly string[] =>
    spread(frequent.filter(([term]) => term.startsWith(letter)).map(([term]) => term.slice(1)))
  const agentsOf = (letter: string): readonly string[] => of(letter).map((key) => agents.get(key) ?? '')
  return {
    agents: agentsOf('a'),
    relatedAgents: agentsOf('A'),
    verbs: of('v'),
    activities: of('c'),
    relatedActivities: of('C'),
    registrations: of('r')
  }
}

const path = (parameters: { readonly [name: string]: string | undefined }): string => {
  const query = new URLSearchParams({ limit: String(limit) })
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value)
  return `/xAPI/statements?${query}`
}

/** Each filter of GET /statements, alone and in pairs that are hard for an index, with the paths that ask for it. */
export const filterPaths = (count: number, middle: string): { readonly [filter: string]: readonly string[] } => {
  const { agents, relatedAgents, verbs, activities, relatedActivities, registrations } = findValues(count)
  return {
    none: [path({})],
    ascending: [path({ ascending: 'true' })],
    since: [path({ since: middle }), path({ since: middle, ascending: 'true' })],
    until: [path({ until: middle }), path({ until: middle, ascending: 'true' })],
    agent: agents.map((agent) => path({ agent })),
    'agent, related_agents': relatedAgents.map((agent) => path({ agent, related_agents: 'true' })),
    verb: verbs.map((verb) => path({ verb })),
    activity: activities.map((activity) => path({ activity })),
    'activity, related_activities': relatedActivities.map((activity) => path({ activity, related_activities: 'true' })),
    registration: registrations.map((registration) => path({ registration })),
    'agent and verb': agents.map((agent, index) => path({ agent, verb: verbs[index % 4] })),
    'verb and activity': activities.map((activity, index) => path({ activity, verb: verbs[index % 4] })),
    'verb and until': verbs.map((verb) => path({ verb, until: middle })),
    'activity and since, ascending': activities.map((activity) => path({ activity, since: middle, ascending: 'true' }))
  }
}
