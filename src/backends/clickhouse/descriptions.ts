import type { CallOptions, Descriptions } from '../../contracts/statement-store.ts'
import type { FoundName } from '../../storage/batching/engine.ts'
import type { ActivityDefinition, LanguageMap } from '../../xapi/statement.ts'
import type { ReadContext } from './look-up.ts'
import { createRowWriter, type Rows } from './row-binary.ts'

/** The kinds of rows. */
const kinds = { definition: 'a', display: 'v', name: 'n' } as const

export interface NewDescriptions extends Descriptions {
  readonly names: readonly FoundName[]
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

export const agentNames = async (
  { connection, tables, store }: ReadContext,
  identifier: string,
  { signal }: CallOptions = {}
): Promise<readonly string[]> => {
  const rows = await connection.read(
    `SELECT name FROM ${tables.description}
     WHERE store = {store:UInt32} AND kind = {kind:String} AND subject = unhex({subject:String})
     GROUP BY name ORDER BY max(version) DESC, name`,
    { store, kind: kinds.name, subject: Buffer.from(identifier).toString('hex') },
    signal === undefined ? {} : { signal }
  )
  const names: string[] = []
  while (rows.more()) names.push(rows.text())
  return names
}
