import { LRUCache } from 'lru-cache'
import type { Descriptions } from '../../contracts/statement-store.ts'
import { mergeDefinition, mergeDisplay } from '../../xapi/definitions.ts'
import { metadataIn, type StatementMetadata } from '../../xapi/descriptions.ts'
import type { ActivityDefinition, LanguageMap, Statement } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import type { FoundName, WriteSession } from './engine.ts'
import { inTurns } from './group-commit.ts'

/** The metadata of Activities, Verbs and Agents in the statements of a batch. */
export interface MetadataUpdate extends Descriptions {
  readonly names: readonly FoundName[]
  /** Remembers the metadata after it was written. */
  settle(): void
}

export interface DescribingStatement {
  readonly statement: Statement
  readonly stored: Micros
  /** As in `StatementBatch`. */
  readonly apart: boolean
}

export interface MetadataMerger {
  /** Merges the metadata of the statements, in their order, into what the session knows. The update has only what is new. */
  merge(statements: readonly DescribingStatement[], session: WriteSession): Promise<MetadataUpdate>
  /** What was written before may have been removed. */
  forget(): void
}

/** Remembers, by IRI, the description that was merged last. Merging it again would change nothing. */
const createMemory = () =>
  new LRUCache<string, string>({
    max: 10_000,
    maxSize: 4_000_000,
    sizeCalculation: (text, iri) => text.length + iri.length + 1
  })

interface Said<Description> {
  readonly iri: string
  readonly description: Description
  readonly text: string
}

const metadataInAll = function* (
  all: readonly DescribingStatement[]
): Yielding<{ readonly stored: Micros; readonly metadata: StatementMetadata }[]> {
  const said: { readonly stored: Micros; readonly metadata: StatementMetadata }[] = []
  for (const { statement, stored, apart } of all) {
    said.push({ stored, metadata: metadataIn(statement, apart) })
    yield
  }
  return said
}

const unknownIn = function* <Description>(
  all: Iterable<readonly [iri: string, description: Description]>,
  memory: LRUCache<string, string>
): Yielding<Said<Description>[]> {
  const said: Said<Description>[] = []
  const last = new Map<string, string>()
  for (const [iri, description] of all) {
    yield
    const text = JSON.stringify(description)
    if ((last.get(iri) ?? memory.get(iri)) === text) continue
    last.set(iri, text)
    said.push({ iri, description, text })
  }
  return said
}

const mergeAll = function* <Description>(
  said: readonly Said<Description>[],
  known: ReadonlyMap<string, Description>,
  merge: (present: Description | undefined, next: Description) => Description
): Yielding<Map<string, Description>> {
  const merged = new Map<string, Description>()
  for (const { iri, description } of said) {
    yield
    const present = merged.get(iri) ?? known.get(iri)
    const next = merge(present, description)
    if (next !== present) merged.set(iri, next)
  }
  return merged
}

export const createMetadataMerger = (): MetadataMerger => {
  const definitionMemory = createMemory()
  const displayMemory = createMemory()
  /** Names are only ever added, so one that was written stays. */
  const nameMemory = new LRUCache<string, true>({
    max: 20_000,
    maxSize: 4_000_000,
    sizeCalculation: (_, key) => key.length + 1
  })

  const namesIn = (
    said: readonly { readonly stored: Micros; readonly metadata: StatementMetadata }[]
  ): Map<string, FoundName> => {
    const names = new Map<string, FoundName>()
    for (const { stored, metadata } of said) {
      for (const [identifier, name] of metadata.names) {
        const key = JSON.stringify([identifier, name])
        if (!names.has(key) && !nameMemory.has(key)) names.set(key, { identifier, name, stored })
      }
    }
    return names
  }

  return {
    forget: () => {
      definitionMemory.clear()
      displayMemory.clear()
      nameMemory.clear()
    },
    merge: async (statements, session) => {
      if (!session.undisturbed) {
        definitionMemory.clear()
        displayMemory.clear()
      }
      const said = await inTurns(metadataInAll(statements))
      const definitions = await inTurns(
        unknownIn(
          said.flatMap(({ metadata }) => metadata.definitions),
          definitionMemory
        )
      )
      const displays = await inTurns(
        unknownIn(
          said.flatMap(({ metadata }) => metadata.displays),
          displayMemory
        )
      )
      const names = namesIn(said)
      const asked = {
        activities: [...new Set(definitions.map(({ iri }) => iri))],
        verbs: [...new Set(displays.map(({ iri }) => iri))]
      }
      const known =
        asked.activities.length + asked.verbs.length === 0
          ? { definitions: new Map<string, ActivityDefinition>(), displays: new Map<string, LanguageMap>() }
          : await session.describe(asked)
      return {
        definitions: await inTurns(mergeAll(definitions, known.definitions, mergeDefinition)),
        displays: await inTurns(mergeAll(displays, known.displays, mergeDisplay)),
        names: [...names.values()],
        settle: () => {
          for (const { iri, text } of definitions) definitionMemory.set(iri, text)
          for (const { iri, text } of displays) displayMemory.set(iri, text)
          for (const key of names.keys()) nameMemory.set(key, true)
        }
      }
    }
  }
}
