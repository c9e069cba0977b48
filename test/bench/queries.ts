import { sampleStatements } from '../../src/sample/index.ts'
import { identifierKey } from '../../src/xapi/identifier.ts'
import { type Actor, isGroup } from '../../src/xapi/statement.ts'
import { everyActor, inheritableTerms, type Term } from '../../src/xapi/terms.ts'

/** How many statements each answer has: what is asked for occurs at least this often, whatever the size of the store. */
const limit = 20
const valuesPerFilter = 20

/** An Agent by what identifies it, as the parameter `agent` takes it. */
const agentParameter = ({ mbox, mbox_sha1sum, openid, account }: Actor): string =>
  JSON.stringify({ mbox, mbox_sha1sum, openid, account })

/** Up to `valuesPerFilter` of them, from the most frequent to the rarest. */
const spread = <Value>(values: readonly Value[]): readonly Value[] => {
  const step = Math.max(1, values.length / valuesPerFilter)
  return values.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step))
}

interface Census {
  readonly occurrences: ReadonlyMap<Term, number>
  /** How often a Verb occurs with another term, by `<verb>\n<term>`. */
  readonly withVerb: ReadonlyMap<string, number>
  /** The parameter `agent`, by identifier key. */
  readonly agents: ReadonlyMap<string, string>
}

/** Counts what there is to be asked for in the first `count` statements of the generator. */
const takeCensus = (count: number): Census => {
  const occurrences = new Map<Term, number>()
  const withVerb = new Map<string, number>()
  const agents = new Map<string, string>()
  const add = (counts: Map<string, number>, key: string): unknown => counts.set(key, (counts.get(key) ?? 0) + 1)
  for (const statement of sampleStatements({ count })) {
    for (const term of inheritableTerms(statement)) {
      add(occurrences, term)
      if (term.startsWith('a') || term.startsWith('c')) add(withVerb, `${statement.verb.id}\n${term}`)
    }
    for (const actor of everyActor(statement)) {
      const members = isGroup(actor) ? (actor.member ?? []) : []
      for (const each of [actor, ...members]) {
        const key = identifierKey(each)
        if (key !== undefined) agents.set(key, agentParameter(each))
      }
    }
  }
  return { occurrences, withVerb, agents }
}

/** What occurs often enough, the most frequent first. */
const frequent = (counts: ReadonlyMap<string, number>): readonly string[] =>
  [...counts]
    .filter(([, times]) => times >= limit)
    .sort(([, left], [, right]) => right - left)
    .map(([key]) => key)

const path = (parameters: { readonly [name: string]: string | undefined }): string => {
  const query = new URLSearchParams({ limit: String(limit) })
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value)
  return `/xAPI/statements?${query}`
}

/** Each filter of GET /statements, alone and in pairs, with the paths that ask for it. */
export const filterPaths = (count: number, middle: string): { readonly [filter: string]: readonly string[] } => {
  const { occurrences, withVerb, agents } = takeCensus(count)
  const terms = frequent(occurrences)
  const of = (letter: string): readonly string[] =>
    spread(terms.filter((term) => term.startsWith(letter)).map((term) => term.slice(1)))
  /** Pairs of a Verb and another value that come together. */
  const pairsOf = (letter: string): readonly (readonly [verb: string, value: string])[] =>
    spread(
      frequent(withVerb).flatMap((pair) => {
        const [verb = '', ...term] = pair.split('\n')
        const value = term.join('\n')
        return value.startsWith(letter) ? [[verb, value.slice(1)] as const] : []
      })
    )
  const strangers = of('c').map((activity) => ({
    activity,
    verb: of('v').find((verb) => !withVerb.has(`${verb}\nc${activity}`))
  }))
  const agent = (key: string): string | undefined => agents.get(key)
  return {
    none: [path({})],
    ascending: [path({ ascending: 'true' })],
    since: [path({ since: middle }), path({ since: middle, ascending: 'true' })],
    until: [path({ until: middle }), path({ until: middle, ascending: 'true' })],
    agent: of('a').map((key) => path({ agent: agent(key) })),
    'agent, related_agents': of('A').map((key) => path({ agent: agent(key), related_agents: 'true' })),
    verb: of('v').map((verb) => path({ verb })),
    activity: of('c').map((activity) => path({ activity })),
    'activity, related_activities': of('C').map((activity) => path({ activity, related_activities: 'true' })),
    registration: of('r').map((registration) => path({ registration })),
    'agent and verb': pairsOf('a').map(([verb, key]) => path({ agent: agent(key), verb })),
    'verb and activity': pairsOf('c').map(([verb, activity]) => path({ activity, verb })),
    'verb and until': of('v').map((verb) => path({ verb, until: middle })),
    'activity and since, ascending': of('c').map((activity) => path({ activity, since: middle, ascending: 'true' })),
    'verb and activity that never meet (no answer)': strangers.map((pair) => path(pair))
  }
}
