import { apartKey } from './authority.ts'
import { mergeDefinition, mergeDisplay } from './definitions.ts'
import { identifierKey, identifierKeys } from './identifier.ts'
import { type ActivityDefinition, isGroup, type LanguageMap, type Statement } from './statement.ts'
import { everyActivity, everyActor, everyVerb } from './terms.ts'

/** What statements teach of Activities, Verbs and Agents, kept in memory. */
export interface Learned {
  /** Statements are learned in the order in which they were stored: the later one wins. `apart` as in `Taught`. */
  learn(statement: Statement, apart?: boolean): void
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
function* agentNamesIn(statement: Statement): Generator<readonly [identifier: string, name: string]> {
  for (const actor of everyActor(statement)) {
    for (const agent of isGroup(actor) ? (actor.member ?? []) : [actor]) {
      const key = agent.name === undefined ? undefined : identifierKey(agent)
      if (key !== undefined && agent.name !== undefined) yield [key, agent.name]
    }
  }
}

/** What one statement teaches, each under its name and, if it is to be kept apart, under its `apartKey` too. */
export interface Taught {
  readonly definitions: readonly (readonly [activity: string, definition: ActivityDefinition])[]
  readonly displays: readonly (readonly [verb: string, display: LanguageMap])[]
  readonly names: readonly (readonly [identifier: string, name: string])[]
}

export const taughtBy = (statement: Statement, apart = false): Taught => {
  const authorities = apart && statement.authority ? new Set(identifierKeys(statement.authority)) : []
  const definitions: [string, ActivityDefinition][] = []
  const displays: [string, LanguageMap][] = []
  const names: [string, string][] = []
  const add = <Value>(to: [string, Value][], name: string, value: Value): void => {
    to.push([name, value])
    for (const authority of authorities) to.push([apartKey(authority, name), value])
  }
  for (const { id, definition } of everyActivity(statement)) if (definition) add(definitions, id, definition)
  for (const { id, display } of everyVerb(statement)) if (display) add(displays, id, display)
  for (const [identifier, name] of agentNamesIn(statement)) add(names, identifier, name)
  return { definitions, displays, names }
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
    learn: (statement, apart) => {
      const taught = taughtBy(statement, apart)
      for (const [iri, definition] of taught.definitions) {
        const present = definitions.get(iri)
        const merged = mergeDefinition(present, definition)
        if (merged !== present) definitions.set(iri, merged)
      }
      for (const [iri, display] of taught.displays) {
        const present = displays.get(iri)
        const merged = mergeDisplay(present, display)
        if (merged !== present) displays.set(iri, merged)
      }
      for (const [identifier, name] of taught.names) {
        const known = names.get(identifier)
        if (known === undefined) names.set(identifier, new Set([name]))
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
