import { apartKey } from './authority.ts'
import { mergeDefinition, mergeDisplay } from './definitions.ts'
import { identifierKey, identifierKeys } from './identifier.ts'
import { type ActivityDefinition, isGroup, type LanguageMap, type Statement } from './statement.ts'
import { everyActivity, everyActor, everyVerb } from './terms.ts'

/** The metadata of Activities, Verbs and Agents that statements bring, in memory. */
export interface MetadataIndex {
  /** Statements are added in the order in which they were stored: the later one wins. `apart` is as in `StatementMetadata`. */
  add(statement: Statement, apart?: boolean): void
  /** As `add`, but readers do not see it before `seal`. */
  stage(statement: Statement, apart?: boolean): void
  seal(): void
  /** The descriptions that are known. */
  describe(
    activities: readonly string[],
    verbs: readonly string[]
  ): {
    readonly definitions: ReadonlyMap<string, ActivityDefinition>
    readonly displays: ReadonlyMap<string, LanguageMap>
  }
  /** Oldest first, each name once. */
  names(identifier: string): readonly string[]
  /** Forgets the names of these Agents, and the descriptions of these IRIs. */
  forget(known: {
    readonly agents: readonly string[]
    readonly activities: readonly string[]
    readonly verbs: readonly string[]
  }): void
}

/** The Agents in a statement that have a name, by identifier key. Groups are left out. */
function* agentNamesIn(statement: Statement): Generator<readonly [identifier: string, name: string]> {
  for (const actor of everyActor(statement)) {
    for (const agent of isGroup(actor) ? (actor.member ?? []) : [actor]) {
      const key = agent.name === undefined ? undefined : identifierKey(agent)
      if (key !== undefined && agent.name !== undefined) yield [key, agent.name]
    }
  }
}

/** The metadata in one statement, each under its name. If it is kept apart, also under its `apartKey`. */
export interface StatementMetadata {
  readonly definitions: readonly (readonly [activity: string, definition: ActivityDefinition])[]
  readonly displays: readonly (readonly [verb: string, display: LanguageMap])[]
  readonly names: readonly (readonly [identifier: string, name: string])[]
}

export const metadataIn = (statement: Statement, apart = false): StatementMetadata => {
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

/** Merged descriptions by IRI. Those that are staged hide those that are sealed. */
const createMerged = <Description>(merge: (present: Description | undefined, next: Description) => Description) => {
  const all = new Map<string, Description>()
  const staged = new Map<string, Description>()
  return {
    stage: (iri: string, description: Description): void => {
      const present = staged.get(iri) ?? all.get(iri)
      const merged = merge(present, description)
      if (merged !== present) staged.set(iri, merged)
    },
    seal: (): void => {
      for (const [iri, description] of staged) all.set(iri, description)
      staged.clear()
    },
    all
  }
}

export const createMetadataIndex = (): MetadataIndex => {
  const definitions = createMerged<ActivityDefinition>(mergeDefinition)
  const displays = createMerged<LanguageMap>(mergeDisplay)
  const names = new Map<string, Set<string>>()
  let stagedNames: (readonly [identifier: string, name: string])[] = []

  const stage = (statement: Statement, apart?: boolean): void => {
    const metadata = metadataIn(statement, apart)
    for (const [iri, definition] of metadata.definitions) definitions.stage(iri, definition)
    for (const [iri, display] of metadata.displays) displays.stage(iri, display)
    for (const named of metadata.names) if (!names.get(named[0])?.has(named[1])) stagedNames.push(named)
  }

  const seal = (): void => {
    definitions.seal()
    displays.seal()
    for (const [identifier, name] of stagedNames) {
      const known = names.get(identifier)
      if (known === undefined) names.set(identifier, new Set([name]))
      else known.add(name)
    }
    stagedNames = []
  }

  return {
    add: (statement, apart) => {
      stage(statement, apart)
      seal()
    },
    stage,
    seal,
    describe: (activities, verbs) => ({
      definitions: known(definitions.all, activities),
      displays: known(displays.all, verbs)
    }),
    // Returns a copy, so that what a caller holds does not change.
    names: (identifier) => [...(names.get(identifier) ?? [])],
    forget: ({ agents, activities, verbs }) => {
      for (const agent of agents) names.delete(agent)
      for (const iri of activities) definitions.all.delete(iri)
      for (const iri of verbs) displays.all.delete(iri)
    }
  }
}
