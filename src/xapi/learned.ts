import { mergeDefinition, mergeDisplay } from './definitions.ts'
import { identifierKey } from './identifier.ts'
import { type ActivityDefinition, isGroup, type LanguageMap, type Statement } from './statement.ts'
import { everyActivity, everyActor, everyVerb } from './terms.ts'

/** What statements teach of Activities, Verbs and Agents, kept in memory. */
export interface Learned {
  /** Statements are learned in the order in which they were stored: the later one wins. */
  learn(statement: Statement): void
  /** Those that are known. */
  describe(
    activities: readonly string[],
    verbs: readonly string[]
  ): {
    readonly definitions: ReadonlyMap<string, ActivityDefinition>
    readonly displays: ReadonlyMap<string, LanguageMap>
  }
  /** Oldest first, each once. */
  names(identifier: string): readonly string[]
}

/** The Agents in a statement that have a name, under their identifier keys; Groups have names of their own kind. */
export function* agentNamesIn(statement: Statement): Generator<readonly [identifier: string, name: string]> {
  for (const actor of everyActor(statement)) {
    for (const agent of isGroup(actor) ? (actor.member ?? []) : [actor]) {
      const key = agent.name === undefined ? undefined : identifierKey(agent)
      if (key !== undefined && agent.name !== undefined) yield [key, agent.name]
    }
  }
}

const known = <Value>(all: ReadonlyMap<string, Value>, iris: readonly string[]): Map<string, Value> => {
  const found = new Map<string, Value>()
  for (const iri of iris) {
    const value = all.get(iri)
    if (value !== undefined) found.set(iri, value)
  }
  return found
}

export const createLearned = (): Learned => {
  const definitions = new Map<string, ActivityDefinition>()
  const displays = new Map<string, LanguageMap>()
  const names = new Map<string, Set<string>>()
  return {
    learn: (statement) => {
      for (const { id, definition } of everyActivity(statement)) {
        if (definition === undefined) continue
        const present = definitions.get(id)
        const merged = mergeDefinition(present, definition)
        if (merged !== present) definitions.set(id, merged)
      }
      for (const { id, display } of everyVerb(statement)) {
        if (display === undefined) continue
        const present = displays.get(id)
        const merged = mergeDisplay(present, display)
        if (merged !== present) displays.set(id, merged)
      }
      for (const [key, name] of agentNamesIn(statement)) {
        const known = names.get(key)
        if (known === undefined) names.set(key, new Set([name]))
        else known.add(name)
      }
    },
    describe: (activities, verbs) => ({
      definitions: known(definitions, activities),
      displays: known(displays, verbs)
    }),
    // A copy: what a caller holds does not grow.
    names: (identifier) => [...(names.get(identifier) ?? [])]
  }
}
