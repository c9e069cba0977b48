import type { Descriptions } from '../../contracts/statement-store.ts'
import type { Rewriting } from '../../contracts/store-rewriting.ts'
import { mergeDefinition, mergeDisplay } from '../../xapi/definitions.ts'
import { metadataIn } from '../../xapi/descriptions.ts'
import type { ActivityDefinition, LanguageMap, Statement } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import type { Connection } from './connect.ts'
import type { Participant } from './transaction.ts'
import { createTransactionCache } from './transaction-cache.ts'

/** The merged descriptions of Activities, Verbs and Agents. They are merged when a statement is stored. */
export interface DescriptionTables extends Participant {
  /** `apart` has the meaning of `StatementBatch`. */
  learn(statement: Statement, stored: Micros, apart: boolean): void
  /** Forgets names and descriptions. */
  forget(known: Pick<Rewriting, 'agents' | 'activities' | 'verbs'>): void
  /** Writes postponed descriptions if they are too many for the end of the transaction. Most often there are none. */
  relieve(): Yielding<void> | undefined
  describe(iris: { readonly activities: readonly string[]; readonly verbs: readonly string[] }): Descriptions
  agentNames(identifier: string): string[]
}

/** The largest size of postponed descriptions, in characters. */
const mostPending = 32_000_000

/**
 * A table of merged descriptions by IRI. If many statements of a transaction add to one description, it is written once, at the end.
 * Writing it for each statement would take time that grows with the square of their number.
 */
const createMerged = <Description extends object>(
  connection: Connection,
  { table, column }: { readonly table: string; readonly column: string },
  merge: (present: Description | undefined, next: Description) => Description
) => {
  const select = connection.prepare<[text: string]>(`SELECT ${column} FROM ${table} WHERE iri = ?`)
  const upsert = connection.prepare(
    `INSERT INTO ${table} (iri, ${column}) VALUES (?, ?) ON CONFLICT (iri) DO UPDATE SET ${column} = excluded.${column}`
  )
  const remove = connection.prepare(`DELETE FROM ${table} WHERE iri = ?`)
  // The text that was merged last, by IRI. Merging it once more changes nothing.
  const latest = createTransactionCache<string>({
    entries: 5000,
    characters: 2_000_000,
    charactersOf: (text) => text.length
  })
  const parse = (text: string | undefined): Description | undefined =>
    // It was merged from validated descriptions.
    text === undefined ? undefined : (JSON.parse(text) as Description)
  /** The descriptions that this transaction has read, and whether it has changed them. */
  const pending = new Map<string, { merged: Description | undefined; isNew: boolean }>()
  let characters = 0
  const pendingOf = (iri: string) => {
    const present = pending.get(iri)
    if (present !== undefined) return present
    const text = select.get(iri)?.[0]
    const found = { merged: parse(text), isNew: false }
    characters += iri.length + (text?.length ?? 0)
    pending.set(iri, found)
    return found
  }
  const forget = (): void => {
    pending.clear()
    characters = 0
  }
  const flush = function* (): Yielding<void> {
    for (const [iri, { merged, isNew }] of pending) {
      if (isNew) upsert.run(iri, JSON.stringify(merged))
      yield
    }
    forget()
  }
  return {
    learn: (iri: string, description: Description): void => {
      const text = JSON.stringify(description)
      if (latest.get(iri) === text) return
      const known = pendingOf(iri)
      const merged = merge(known.merged, description)
      if (merged !== known.merged) {
        known.merged = merged
        known.isNew = true
      }
      latest.set(iri, text)
      characters += text.length
    },
    forget: (iri: string): void => {
      pending.delete(iri)
      latest.delete(iri)
      remove.run(iri)
    },
    isFull: (): boolean => characters > mostPending,
    findAll: (iris: readonly string[]): Map<string, Description> => {
      const found = new Map<string, Description>()
      for (const iri of iris) {
        const description = parse(select.get(iri)?.[0])
        if (description) found.set(iri, description)
      }
      return found
    },
    flush,
    settle: latest.settle,
    discard: () => {
      forget()
      latest.discard()
    }
  }
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
  const removeNames = connection.prepare('DELETE FROM agent_name WHERE identifier = ?')
  const knownNames = createTransactionCache<true>({ entries: 20_000, characters: 2_000_000 })

  const learnName = (identifier: string, name: string, stored: Micros): void => {
    const key = JSON.stringify([identifier, name])
    if (knownNames.get(key)) return
    insertName.run(identifier, name, stored)
    knownNames.set(key, true)
  }

  // Names are written at once.
  const flush = function* (): Yielding<void> {
    yield* definitions.flush()
    yield* displays.flush()
  }

  return {
    learn: (statement, stored, apart) => {
      const taught = metadataIn(statement, apart)
      for (const [iri, definition] of taught.definitions) definitions.learn(iri, definition)
      for (const [iri, display] of taught.displays) displays.learn(iri, display)
      for (const [identifier, name] of taught.names) learnName(identifier, name, stored)
    },
    forget: ({ agents, activities, verbs }) => {
      for (const agent of agents) {
        for (const [name] of namesOf.all(agent)) knownNames.delete(JSON.stringify([agent, name]))
        removeNames.run(agent)
      }
      for (const iri of activities) definitions.forget(iri)
      for (const iri of verbs) displays.forget(iri)
    },
    relieve: () => (definitions.isFull() || displays.isFull() ? flush() : undefined),
    describe: ({ activities, verbs }) => ({
      definitions: definitions.findAll(activities),
      displays: displays.findAll(verbs)
    }),
    agentNames: (identifier) => namesOf.all(identifier).map(([name]) => name),
    finish: flush,
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
