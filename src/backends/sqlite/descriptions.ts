import type { Descriptions } from '../../contracts/statement-store.ts'
import { mergeDefinition, mergeDisplay } from '../../xapi/definitions.ts'
import { identifierKey } from '../../xapi/identifier.ts'
import {
  type ActivityDefinition,
  type Actor,
  type Agent,
  isGroup,
  type LanguageMap,
  type Statement
} from '../../xapi/statement.ts'
import { everyActivity, everyActor, everyVerb } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Connection } from './connect.ts'
import { createTransactionCache } from './transaction-cache.ts'

/** What statements say of Activities, Verbs and Agents, merged when they are stored. */
export interface DescriptionTables {
  learn(statement: Statement, stored: Micros): void
  describe(iris: { readonly activities: readonly string[]; readonly verbs: readonly string[] }): Descriptions
  agentNames(identifier: string): string[]
  settle(): void
  discard(): void
}

/** A table of merged descriptions by IRI. */
const createMerged = <Description extends object>(
  connection: Connection,
  { table, column }: { readonly table: string; readonly column: string },
  merge: (present: Description | undefined, next: Description) => Description
) => {
  const select = connection.prepare<[text: string]>(`SELECT ${column} FROM ${table} WHERE iri = ?`)
  const upsert = connection.prepare(
    `INSERT INTO ${table} (iri, ${column}) VALUES (?, ?) ON CONFLICT (iri) DO UPDATE SET ${column} = excluded.${column}`
  )
  // The description that was merged last, by IRI: merging it once more changes nothing.
  const latest = createTransactionCache<string>({
    entries: 5000,
    characters: 2_000_000,
    charactersOf: (text) => text.length
  })
  const find = (iri: string): Description | undefined => {
    const text = select.get(iri)?.[0]
    // Merged from descriptions that were validated.
    return text === undefined ? undefined : (JSON.parse(text) as Description)
  }
  return {
    learn: (iri: string, description: Description): void => {
      const text = JSON.stringify(description)
      if (latest.get(iri) === text) return
      const present = find(iri)
      const merged = merge(present, description)
      if (merged !== present) upsert.run(iri, JSON.stringify(merged))
      latest.set(iri, text)
    },
    findAll: (iris: readonly string[]): Map<string, Description> => {
      const found = new Map<string, Description>()
      for (const iri of iris) {
        const description = find(iri)
        if (description) found.set(iri, description)
      }
      return found
    },
    settle: latest.settle,
    discard: latest.discard
  }
}

/** A Group is no Person, its members are (C 2.4). */
function* agentsIn(actor: Actor): Generator<Agent> {
  if (!isGroup(actor)) yield actor
  else if (actor.member) yield* actor.member
}

export const createDescriptionTables = (connection: Connection): DescriptionTables => {
  const definitions = createMerged<ActivityDefinition>(
    connection,
    { table: 'activity', column: 'definition' },
    mergeDefinition
  )
  const displays = createMerged<LanguageMap>(connection, { table: 'verb', column: 'display' }, mergeDisplay)
  const insertName = connection.prepare('INSERT OR IGNORE INTO agent_name (identifier, name, first) VALUES (?, ?, ?)')
  const namesOf = connection.prepare<[name: string]>(
    'SELECT name FROM agent_name WHERE identifier = ? ORDER BY first, name'
  )
  const knownNames = createTransactionCache<true>({ entries: 20_000, characters: 2_000_000 })

  const learnName = (agent: Agent, stored: Micros): void => {
    const identifier = identifierKey(agent)
    if (agent.name === undefined || identifier === undefined) return
    const key = JSON.stringify([identifier, agent.name])
    if (knownNames.get(key)) return
    insertName.run(identifier, agent.name, stored)
    knownNames.set(key, true)
  }

  return {
    learn: (statement, stored) => {
      for (const { id, definition } of everyActivity(statement)) if (definition) definitions.learn(id, definition)
      for (const { id, display } of everyVerb(statement)) if (display) displays.learn(id, display)
      for (const actor of everyActor(statement)) for (const agent of agentsIn(actor)) learnName(agent, stored)
    },
    describe: ({ activities, verbs }) => ({
      definitions: definitions.findAll(activities),
      displays: displays.findAll(verbs)
    }),
    agentNames: (identifier) => namesOf.all(identifier).map(([name]) => name),
    settle: () => {
      definitions.settle()
      displays.settle()
      knownNames.settle()
    },
    discard: () => {
      definitions.discard()
      displays.discard()
      knownNames.discard()
    }
  }
}
