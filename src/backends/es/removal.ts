import type { WriteBatch } from '../../storage/batching/engine.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { type BulkAction, bulk } from './bulk.ts'
import { chunkIn } from './chunks.ts'
import { asStoreError } from './errors.ts'
import type { Known } from './look-up.ts'
import { multiGet } from './multi-get.ts'
import type { TargetIndices } from './target-indices.ts'

/** Every chunk of these attachments. */
const attachmentActions = async (
  { connection, kept, keys }: TargetIndices,
  attachments: readonly string[]
): Promise<BulkAction[]> => {
  const firsts = await multiGet(
    connection,
    attachments.map((sha2) => ({ index: kept, id: keys.attachment(sha2, 0) }))
  )
  return firsts.flatMap(({ source }, at) =>
    Array.from(
      { length: source === undefined ? 0 : chunkIn(source).parts },
      (_, part): BulkAction => ({ index: kept, id: keys.attachment(attachments[at] ?? '', part), expects: 'anything' })
    )
  )
}

/** More names than any Agent has. */
const maxNames = 10_000

interface Hits {
  readonly hits: { readonly hits: readonly { readonly _id: string }[] }
}

/** The ids of names are digests of names, so they are searched. */
const nameActions = async (
  { connection, relations, keys }: TargetIndices,
  agents: readonly string[]
): Promise<BulkAction[]> => {
  if (agents.length === 0) return []
  await connection.ask({ method: 'POST', path: [relations, '_refresh'], kind: 'read' })
  const { body } = await connection.ask({
    method: 'POST',
    path: [relations, '_search'],
    query: { allow_partial_search_results: false },
    body: { size: maxNames, _source: false, query: { terms: { tokens: agents.map(keys.namesOf) } } },
    kind: 'read'
  })
  // The answer of Elasticsearch.
  return (body as Hits).hits.hits.map(({ _id }) => ({ index: relations, id: _id, expects: 'anything' }))
}

export interface RemovalContext {
  readonly indices: TargetIndices
  readonly known: ReadonlyMap<StatementId, Known>
  readonly requireHeld: () => Promise<void>
}

/** The texts of removed statements, those of Python Ralph too: they have the same content. Those that were rewritten are replaced. */
const textActions = (
  { indices, known }: RemovalContext,
  { statements, removal }: Pick<WriteBatch, 'statements' | 'removal'>
): BulkAction[] => {
  const rewritten = new Set(statements.map(({ id }) => id))
  return (removal?.statements ?? []).flatMap(({ id }): BulkAction[] => {
    const place = known.get(id)?.relation.at ?? id
    return rewritten.has(place) ? [] : [{ index: indices.statements, id: place, expects: 'anything' }]
  })
}

/** Removes all but the relations, which `relationActions` has changed. It may be repeated. */
export const remove = async (context: RemovalContext, batch: WriteBatch): Promise<void> => {
  const { removal } = batch
  if (removal === undefined) return
  const { connection, kept, keys } = context.indices
  const described = [...removal.activities.map(keys.definition), ...removal.verbs.map(keys.display)]
  const actions = [
    ...textActions(context, batch),
    ...described.map((id): BulkAction => ({ index: kept, id, expects: 'anything' })),
    ...(await attachmentActions(context.indices, removal.attachments)),
    ...(await nameActions(context.indices, removal.agents))
  ]
  for (const { refusal } of await bulk(connection, actions, { before: context.requireHeld })) {
    if (refusal.status !== 404) throw asStoreError(refusal) ?? new Error(`Elasticsearch: ${refusal.reason}`)
  }
}
