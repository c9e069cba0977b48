import type { Descriptions } from '../../contracts/statement-store.ts'
import type { WriteBatch } from '../../storage/batching/engine.ts'
import type { ActivityDefinition, LanguageMap } from '../../xapi/statement.ts'
import { digestOf, listOf } from './keys.ts'
import { prepare, type Query } from './query-text.ts'

/** Runs a query: within a session, or for a reader. */
export type Ask = <Row extends readonly unknown[]>(query: Query<Row>) => Promise<readonly Row[]>

type DescribedRow = readonly [isActivity: boolean, digest: string, text: string]

const selectDescriptions = prepare<DescribedRow>(
  'select_descriptions',
  `SELECT true, digest, definition::text FROM activity WHERE target = $1 AND digest = ANY ($2::uuid[])
   UNION ALL
   SELECT false, digest, display::text FROM verb WHERE target = $1 AND digest = ANY ($3::uuid[])`
)

// One JSON list each, because the values may contain any character.
const upsertDefinitions = prepare(
  'upsert_definitions',
  `INSERT INTO activity (target, digest, iri, definition)
   SELECT $1, (each->>0)::uuid, each->>1, each->2 FROM json_array_elements($2::json) AS new (each)
   ON CONFLICT (target, digest) DO UPDATE SET definition = excluded.definition`
)
const upsertDisplays = prepare(
  'upsert_displays',
  `INSERT INTO verb (target, digest, iri, display)
   SELECT $1, (each->>0)::uuid, each->>1, each->2 FROM json_array_elements($2::json) AS new (each)
   ON CONFLICT (target, digest) DO UPDATE SET display = excluded.display`
)
const insertNames = prepare(
  'insert_names',
  `INSERT INTO agent_name (target, agent, digest, identifier, name, stored)
   SELECT $1, (each->>0)::uuid, (each->>1)::uuid, each->2, each->3, (each->>4)::bigint
   FROM json_array_elements($2::json) AS new (each)
   ON CONFLICT (target, agent, digest) DO UPDATE SET stored = excluded.stored WHERE excluded.stored < agent_name.stored`
)
const selectNames = prepare<[name: string]>(
  'select_names',
  'SELECT name::text FROM agent_name WHERE target = $1 AND agent = $2 ORDER BY stored, name::text COLLATE "C"'
)

/** A uuid of PostgreSQL without its dashes. */
const bare = (uuid: string): string => uuid.replaceAll('-', '')

export const describe = async (
  ask: Ask,
  target: number,
  { activities, verbs }: { readonly activities: readonly string[]; readonly verbs: readonly string[] }
): Promise<Descriptions> => {
  const definitions = new Map<string, ActivityDefinition>()
  const displays = new Map<string, LanguageMap>()
  if (activities.length + verbs.length === 0) return { definitions, displays }
  const activityOf = new Map(activities.map((iri) => [digestOf(iri), iri]))
  const verbOf = new Map(verbs.map((iri) => [digestOf(iri), iri]))
  const rows = await ask(selectDescriptions(target, listOf([...activityOf.keys()]), listOf([...verbOf.keys()])))
  for (const [isActivity, digest, text] of rows) {
    const iri = (isActivity ? activityOf : verbOf).get(bare(digest))
    if (iri === undefined) continue
    // It was merged from validated descriptions.
    if (isActivity) definitions.set(iri, JSON.parse(text) as ActivityDefinition)
    else displays.set(iri, JSON.parse(text) as LanguageMap)
  }
  return { definitions, displays }
}

const listed = (all: ReadonlyMap<string, object>): string =>
  JSON.stringify([...all].map(([iri, description]) => [digestOf(iri), iri, description]))

/** Writes the descriptions and names of a batch. */
export const writeDescriptions = (target: number, { definitions, displays, names }: WriteBatch): Query<never>[] => [
  ...(definitions.size === 0 ? [] : [upsertDefinitions(target, listed(definitions))]),
  ...(displays.size === 0 ? [] : [upsertDisplays(target, listed(displays))]),
  ...(names.length === 0
    ? []
    : [
        insertNames(
          target,
          JSON.stringify(
            names.map(({ identifier, name, stored }) => [
              digestOf(identifier),
              digestOf(name),
              identifier,
              name,
              stored
            ])
          )
        )
      ])
]

export const agentNames = async (ask: Ask, target: number, identifier: string): Promise<string[]> => {
  const rows = await ask(selectNames(target, digestOf(identifier)))
  // Written by JSON.stringify.
  return rows.map(([name]) => JSON.parse(name) as string)
}
