import type { CallOptions, Descriptions } from '../../contracts/statement-store.ts'
import type { LearnedName, Round } from '../../rounds/engine.ts'
import type { ActivityDefinition, LanguageMap } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Action } from './bulk.ts'
import type { Got } from './multi-get.ts'
import type { Snapshots } from './snapshots.ts'
import type { Tables } from './tables.ts'

/** What is known of an Activity or a Verb. Unseen by readers who look no further than a round before `since`. */
export interface DescriptionDocument {
  readonly space: string
  readonly since: Micros
  /** JSON text: its keys are IRIs and languages, which must not become fields. */
  readonly text: string
  /** What was known before that round. */
  readonly before?: string
}

export interface Iris {
  readonly activities: readonly string[]
  readonly verbs: readonly string[]
}

export const descriptionsWanted = ({ kept, keys }: Tables, { activities, verbs }: Iris) => [
  ...activities.map((iri) => ({ index: kept, id: keys.definition(iri) })),
  ...verbs.map((iri) => ({ index: kept, id: keys.display(iri) }))
]

export const descriptionIn = ({ source }: Got): DescriptionDocument | undefined =>
  // Nobody else writes there.
  source === undefined ? undefined : (JSON.parse(source.toString()) as DescriptionDocument)

export const textAt = (document: DescriptionDocument | undefined, last: Micros): string | undefined =>
  document === undefined || document.since <= last ? document?.text : document.before

/** Of what `descriptionsWanted` asked for, what was known up to `last`. */
export const descriptionsAt = ({ activities, verbs }: Iris, got: readonly Got[], last: Micros): Descriptions => {
  const definitions = new Map<string, ActivityDefinition>()
  const displays = new Map<string, LanguageMap>()
  for (const [at, each] of got.entries()) {
    const text = textAt(descriptionIn(each), last)
    if (text === undefined) continue
    const activity = activities[at]
    const verb = verbs[at - activities.length]
    // Only what was validated before it was stored is kept.
    if (activity !== undefined) definitions.set(activity, JSON.parse(text) as ActivityDefinition)
    else if (verb !== undefined) displays.set(verb, JSON.parse(text) as LanguageMap)
  }
  return { definitions, displays }
}

/** `known`: the documents that are there, by their ids. */
export const writeDescriptions = (
  { kept, keys, space }: Tables,
  { definitions, displays }: Pick<Round, 'definitions' | 'displays'>,
  known: ReadonlyMap<string, DescriptionDocument>,
  { last, round }: { readonly last: Micros; readonly round: Micros }
): Action[] => {
  const action = (id: string, description: object): Action => {
    const before = textAt(known.get(id), last)
    const document: DescriptionDocument = {
      space: space.prefix,
      since: round,
      text: JSON.stringify(description),
      ...(before === undefined ? {} : { before })
    }
    return { index: kept, id, source: JSON.stringify(document), expects: 'anything' }
  }
  return [
    ...[...definitions].map(([iri, definition]) => action(keys.definition(iri), definition)),
    ...[...displays].map(([iri, display]) => action(keys.display(iri), display))
  ]
}

/** A name is found as a statement is: by a token, in the order of `stored`. */
export interface NameDocument {
  readonly space: string
  readonly stored: Micros
  readonly id: string
  readonly tokens: readonly string[]
  readonly round: Micros
  readonly name: string
}

/** One that is there already stays as it is. */
export const writeNames = (
  { relations, keys, space }: Tables,
  names: readonly LearnedName[],
  round: Micros
): Action[] =>
  names.map(({ identifier, name, stored }) => {
    const id = keys.name(identifier, name)
    const tokens = [keys.namesOf(identifier)]
    const document: NameDocument = { space: space.prefix, stored, id, tokens, round, name }
    return { index: relations, id, source: JSON.stringify(document), expects: 'nothing' }
  })

/** More than anybody has. */
const maxNames = 10_000

interface Hits {
  readonly hits: { readonly hits: readonly { readonly _source: NameDocument }[] }
}

export const createDescriptions = (tables: Tables, snapshots: Snapshots) => ({
  describe: async (iris: Iris, options?: CallOptions): Promise<Descriptions> => {
    const { got, last } = await snapshots.get(descriptionsWanted(tables, iris), options)
    return descriptionsAt(iris, got, last)
  },
  agentNames: (identifier: string, { signal }: CallOptions = {}): Promise<readonly string[]> =>
    snapshots.search(
      async (last) => {
        const { body } = await tables.connection.ask({
          method: 'POST',
          path: [tables.relations, '_search'],
          query: { allow_partial_search_results: false },
          body: {
            size: maxNames,
            _source: ['name', 'stored'],
            query: {
              bool: {
                filter: [{ term: { tokens: tables.keys.namesOf(identifier) } }],
                must_not: [{ range: { round: { gt: last } } }]
              }
            }
          },
          kind: 'read',
          signal
        })
        // The answer of Elasticsearch, with documents that nobody else writes.
        const names = (body as Hits).hits.hits.map(({ _source }) => _source)
        names.sort((one, other) => one.stored - other.stored || (one.name < other.name ? -1 : 1))
        return names.map(({ name }) => name)
      },
      { ...(signal === undefined ? {} : { signal }) }
    )
})
