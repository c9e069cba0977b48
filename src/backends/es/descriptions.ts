import type { CallOptions, Descriptions } from '../../contracts/statement-store.ts'
import type { FoundName, WriteBatch } from '../../storage/batching/engine.ts'
import { isWritten, type Written } from '../../storage/batching/written.ts'
import type { ActivityDefinition, LanguageMap } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { BulkAction } from './bulk.ts'
import type { DocumentVersion, Got } from './multi-get.ts'
import { notWritten } from './not-written.ts'
import type { DocumentSnapshots } from './snapshots.ts'
import type { TargetIndices } from './target-indices.ts'

/** The definition of an Activity or the display of a Verb. Readers for whom the batch `since` does not count do not see it. */
export interface DescriptionDocument {
  readonly space: string
  readonly since: Micros
  /** JSON text, because its keys are IRIs and languages, and these must not become fields. */
  readonly text: string
  /** The text before that batch. */
  readonly before?: string
}

export interface KnownDescription {
  readonly document: DescriptionDocument
  readonly version: DocumentVersion
}

export interface Iris {
  readonly activities: readonly string[]
  readonly verbs: readonly string[]
}

export const descriptionsWanted = ({ kept, keys }: TargetIndices, { activities, verbs }: Iris) => [
  ...activities.map((iri) => ({ index: kept, id: keys.definition(iri) })),
  ...verbs.map((iri) => ({ index: kept, id: keys.display(iri) }))
]

export const descriptionIn = ({ source }: Got): DescriptionDocument | undefined =>
  // Only Ralph writes there, so the shape is known.
  source === undefined ? undefined : (JSON.parse(source.toString()) as DescriptionDocument)

export const textAt = (document: DescriptionDocument | undefined, written: Written): string | undefined =>
  document === undefined || isWritten(document.since, written) ? document?.text : document.before

/** The descriptions that `descriptionsWanted` named, at the time when the committed batches were written. */
export const descriptionsAt = ({ activities, verbs }: Iris, got: readonly Got[], written: Written): Descriptions => {
  const definitions = new Map<string, ActivityDefinition>()
  const displays = new Map<string, LanguageMap>()
  for (const [at, each] of got.entries()) {
    const text = textAt(descriptionIn(each), written)
    if (text === undefined) continue
    const activity = activities[at]
    const verb = verbs[at - activities.length]
    // Only validated definitions are stored.
    if (activity !== undefined) definitions.set(activity, JSON.parse(text) as ActivityDefinition)
    else if (verb !== undefined) displays.set(verb, JSON.parse(text) as LanguageMap)
  }
  return { definitions, displays }
}

/** `known` has the existing documents by their ids. Only these versions are replaced, so a late writer changes nothing. */
export const writeDescriptions = (
  { kept, keys, space }: TargetIndices,
  { definitions, displays }: Pick<WriteBatch, 'definitions' | 'displays'>,
  known: ReadonlyMap<string, KnownDescription>,
  { written, round }: { readonly written: Written; readonly round: Micros }
): BulkAction[] => {
  const action = (id: string, description: object): BulkAction => {
    const present = known.get(id)
    const before = textAt(present?.document, written)
    const document: DescriptionDocument = {
      space: space.prefix,
      since: round,
      text: JSON.stringify(description),
      ...(before === undefined ? {} : { before })
    }
    return { index: kept, id, source: JSON.stringify(document), expects: present?.version ?? 'nothing' }
  }
  return [
    ...[...definitions].map(([iri, definition]) => action(keys.definition(iri), definition)),
    ...[...displays].map(([iri, display]) => action(keys.display(iri), display))
  ]
}

/** A name is found like a statement: by a token, in the order of `stored`. */
export interface NameDocument {
  readonly space: string
  readonly stored: Micros
  readonly id: string
  readonly tokens: readonly string[]
  readonly round: Micros
  readonly name: string
}

/** A name that exists already stays unchanged. */
export const writeNames = (
  { relations, keys, space }: TargetIndices,
  names: readonly FoundName[],
  round: Micros
): BulkAction[] =>
  names.map(({ identifier, name, stored }) => {
    const id = keys.name(identifier, name)
    const tokens = [keys.namesOf(identifier)]
    const document: NameDocument = { space: space.prefix, stored, id, tokens, round, name }
    return { index: relations, id, source: JSON.stringify(document), expects: 'nothing' }
  })

/** More names than any Agent has. */
const maxNames = 10_000

interface Hits {
  readonly hits: { readonly hits: readonly { readonly _source: NameDocument }[] }
}

export const createDescriptions = (indices: TargetIndices, snapshots: DocumentSnapshots) => ({
  describe: async (iris: Iris, options?: CallOptions): Promise<Descriptions> => {
    const { got, written } = await snapshots.get(descriptionsWanted(indices, iris), options)
    return descriptionsAt(iris, got, written)
  },
  agentNames: (identifier: string, { signal }: CallOptions = {}): Promise<readonly string[]> =>
    snapshots.read(
      async (written) => {
        const { body } = await indices.connection.ask({
          method: 'POST',
          path: [indices.relations, '_search'],
          query: { allow_partial_search_results: false },
          body: {
            size: maxNames,
            _source: ['name', 'stored'],
            query: {
              bool: {
                filter: [{ term: { tokens: indices.keys.namesOf(identifier) } }],
                must_not: notWritten('round', written)
              }
            }
          },
          kind: 'read',
          signal
        })
        // The answer of Elasticsearch, with documents that only Ralph writes.
        const names = (body as Hits).hits.hits.map(({ _source }) => _source)
        names.sort((one, other) => one.stored - other.stored || (one.name < other.name ? -1 : 1))
        return names.map(({ name }) => name)
      },
      { ...(signal === undefined ? {} : { signal }) }
    )
})
