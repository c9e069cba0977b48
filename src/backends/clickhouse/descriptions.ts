import type { CallOptions, Descriptions } from '../../contracts/statement-store.ts'
import type { FoundName } from '../../storage/batching/engine.ts'
import type { ActivityDefinition, LanguageMap } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { ReadContext } from './look-up.ts'
import { createRowWriter, type Rows } from './row-binary.ts'

/** The kinds of rows. */
const kinds = { definition: 'a', display: 'v', name: 'n' } as const

export interface NewDescriptions extends Descriptions {
  readonly names: readonly FoundName[]
}

/**
 * The descriptions of a batch that is not finished yet. Their rows have no number of a batch that readers could compare with `visible`,
 * because ClickHouse keeps only the latest row of each. So readers see this in place of those rows.
 */
export interface HiddenDescriptions {
  /** What readers see until the batch is finished. Undefined: nothing was there before. */
  readonly definitions: ReadonlyMap<string, ActivityDefinition | undefined>
  readonly displays: ReadonlyMap<string, LanguageMap | undefined>
  /** By `nameKey`: when the batch says the name first. */
  readonly names: ReadonlyMap<string, Micros>
}

const nameKey = (identifier: string, name: string): string => JSON.stringify([identifier, name])

/** `before` is what was read for this batch. `earlier` are those of a batch that failed and is finished together with this one. */
export const hiddenDescriptions = (
  next: NewDescriptions,
  before: Descriptions,
  earlier: HiddenDescriptions | undefined
): HiddenDescriptions => {
  const shown = <Description>(
    of: ReadonlyMap<string, Description>,
    then: ReadonlyMap<string, Description>
  ): [string, Description | undefined][] => [...of.keys()].map((iri) => [iri, then.get(iri)])
  return {
    definitions: new Map([...shown(next.definitions, before.definitions), ...(earlier?.definitions ?? [])]),
    displays: new Map([...shown(next.displays, before.displays), ...(earlier?.displays ?? [])]),
    names: new Map([
      ...next.names.map(({ identifier, name, stored }) => [nameKey(identifier, name), stored] as const),
      ...(earlier?.names ?? [])
    ])
  }
}

export const descriptionRows = (
  store: number,
  round: number,
  { definitions, displays, names }: NewDescriptions
): Rows => {
  const rows = createRowWriter()
  const add = (kind: string, subject: string, name: string, version: number, text: string): void => {
    rows.u32(store)
    rows.fixed(Buffer.from(kind))
    rows.text(subject)
    rows.text(name)
    rows.i64(version)
    rows.text(text)
  }
  for (const [iri, definition] of definitions) add(kinds.definition, iri, '', round, JSON.stringify(definition))
  for (const [iri, display] of displays) add(kinds.display, iri, '', round, JSON.stringify(display))
  for (const { identifier, name, stored } of names) add(kinds.name, identifier, name, -stored, '')
  return rows.finish()
}

/** Puts what readers still see in the place of what an unfinished batch has written. */
const cover = <Description>(
  found: ReadonlyMap<string, Description>,
  hidden: ReadonlyMap<string, Description | undefined> = new Map()
): ReadonlyMap<string, Description> => {
  const seen = new Map<string, Description>()
  for (const [iri, now] of found) {
    const shown = hidden.has(iri) ? hidden.get(iri) : now
    if (shown !== undefined) seen.set(iri, shown)
  }
  return seen
}

const read = async <Description>(
  { connection, tables, store }: ReadContext,
  kind: string,
  iris: readonly string[],
  { signal }: CallOptions
): Promise<Map<string, Description>> => {
  const found = new Map<string, Description>()
  if (iris.length === 0) return found
  const wanted = createRowWriter()
  for (const iri of iris) wanted.text(iri)
  const given = { columns: 'iri String', rows: wanted.finish() }
  const rows = await connection.read(
    `SELECT subject, argMax(text, version) FROM ${tables.description}
     WHERE store = {store:UInt32} AND kind = {kind:String} AND subject IN (SELECT iri FROM given) GROUP BY subject`,
    { store, kind },
    signal === undefined ? { given } : { given, signal }
  )
  // It was merged from validated descriptions.
  while (rows.more()) found.set(rows.text(), JSON.parse(rows.text()) as Description)
  return found
}

/** Also those of a batch that is not finished. */
export const describe = async (
  context: ReadContext,
  { activities, verbs }: { readonly activities: readonly string[]; readonly verbs: readonly string[] },
  options: CallOptions = {}
): Promise<Descriptions> => {
  const [definitions, displays] = await Promise.all([
    read<ActivityDefinition>(context, kinds.definition, activities, options),
    read<LanguageMap>(context, kinds.display, verbs, options)
  ])
  return { definitions, displays }
}

/** `StatementStore.describe`. A batch that was finished while this read is seen or not. Both are right. */
export const describeVisible = async (
  context: ReadContext,
  progress: { readonly hidden: HiddenDescriptions | undefined },
  iris: Parameters<typeof describe>[1],
  options: CallOptions = {}
): Promise<Descriptions> => {
  const { definitions, displays } = await describe(context, iris, options)
  const { hidden } = progress
  return { definitions: cover(definitions, hidden?.definitions), displays: cover(displays, hidden?.displays) }
}

/** `StatementStore.agentNames`. */
export const agentNames = async (
  { connection, tables, store }: ReadContext,
  progress: { readonly hidden: HiddenDescriptions | undefined },
  identifier: string,
  { signal }: CallOptions = {}
): Promise<readonly string[]> => {
  const rows = await connection.read(
    `SELECT name, toInt64(max(version)) FROM ${tables.description}
     WHERE store = {store:UInt32} AND kind = {kind:String} AND subject = unhex({subject:String})
     GROUP BY name ORDER BY max(version) DESC, name`,
    { store, kind: kinds.name, subject: Buffer.from(identifier).toString('hex') },
    signal === undefined ? {} : { signal }
  )
  const names: string[] = []
  while (rows.more()) {
    const [name, version] = [rows.text(), rows.i64()]
    // The version is the time of the first statement with the name, negative so that the earliest row is kept.
    if (progress.hidden?.names.get(nameKey(identifier, name)) !== -version) names.push(name)
  }
  return names
}
