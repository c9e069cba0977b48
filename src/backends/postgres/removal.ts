import type { Removal } from '../../storage/batching/engine.ts'
import type { Database } from './connect.ts'
import { digestOf, listOf } from './keys.ts'
import { plain, prepare, type Query } from './query-text.ts'

const deleteStatements = prepare(
  'delete_statements',
  'DELETE FROM statement WHERE target = $1 AND id = ANY ($2::uuid[])'
)
const deleteAttachments = prepare(
  'delete_attachments',
  "DELETE FROM attachment WHERE target = $1 AND sha2 = ANY (string_to_array($2, ' '))"
)
const deleteNames = prepare('delete_names', 'DELETE FROM agent_name WHERE target = $1 AND agent = ANY ($2::uuid[])')
const deleteDefinitions = prepare(
  'delete_definitions',
  'DELETE FROM activity WHERE target = $1 AND digest = ANY ($2::uuid[])'
)
const deleteDisplays = prepare('delete_displays', 'DELETE FROM verb WHERE target = $1 AND digest = ANY ($2::uuid[])')

/** The entries of the statements are removed by `writesOf`. */
export const removalsOf = (target: number, removal: Removal): Query<never>[] => {
  const { statements, attachments, agents, activities, verbs } = removal
  const digests = (texts: readonly string[]): string => listOf(texts.map(digestOf))
  return [
    ...(statements.length === 0 ? [] : [deleteStatements(target, listOf(statements.map(({ id }) => id)))]),
    ...(attachments.length === 0 ? [] : [deleteAttachments(target, attachments.join(' '))]),
    ...(agents.length === 0 ? [] : [deleteNames(target, digests(agents))]),
    ...(activities.length === 0 ? [] : [deleteDefinitions(target, digests(activities))]),
    ...(verbs.length === 0 ? [] : [deleteDisplays(target, digests(verbs))])
  ]
}

const purged = ['statement', 'entry', 'activity', 'verb', 'agent_name', 'attachment', 'document'] as const

const isOwner = prepare<[boolean]>(
  'is_owner',
  "SELECT bool_and(pg_has_role(tableowner, 'USAGE')) FROM pg_tables WHERE schemaname = $1"
)

/** What PostgreSQL keeps besides the tables. */
const besides = [
  'PostgreSQL: the write-ahead log, its archive, standbys and base backups have the old rows until they are replaced'
]

/**
 * VACUUM alone marks the room of removed rows as free, and leaves their bytes there. VACUUM FULL writes a table anew. Nobody can read or
 * write the table meanwhile.
 */
export const purge = async (database: Database): Promise<readonly string[]> => {
  const { schema } = database.place
  const [row] = await database.read(isOwner(schema))
  if (row?.[0] !== true) {
    const tables = purged.map((table) => `"${schema}".${table}`).join(', ')
    return [`PostgreSQL: the role may not write tables anew: run VACUUM FULL ${tables} as their owner`, ...besides]
  }
  for (const table of purged) await database.answers.patiently(() => database.write(plain(`VACUUM FULL ${table}`)))
  return besides
}
