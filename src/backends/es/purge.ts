import type { Connection } from './connect.ts'
import type { TargetIndices } from './target-indices.ts'

const besides = [
  'Elasticsearch: snapshots, replicas of other clusters and the index of refused documents of Python Ralph are not searched'
]

const setting = 'index.merge.policy.expunge_deletes_allowed'

const merge = async (connection: Connection, index: string): Promise<void> => {
  const put = (value: number | null) =>
    connection.ask({
      method: 'PUT',
      path: [index, '_settings'],
      body: { [setting]: value },
      kind: 'prepare',
      expect: [404]
    })
  // Otherwise Elasticsearch leaves segments alone of which less than a tenth was deleted.
  const { status } = await put(0)
  if (status === 404) return
  try {
    await connection.ask({ method: 'POST', path: [index, '_flush'], query: { force: true }, kind: 'prepare' })
    await connection.ask({
      method: 'POST',
      path: [index, '_forcemerge'],
      query: { only_expunge_deletes: true },
      kind: 'prepare'
    })
    await connection.ask({ method: 'POST', path: [index, '_flush'], query: { force: true }, kind: 'prepare' })
  } finally {
    await put(null)
  }
}

/** Writes the segments with deleted documents anew. Readers and writers go on meanwhile. */
export const purge = async ({ connection, statements, relations, kept }: TargetIndices): Promise<readonly string[]> => {
  for (const index of [statements, relations, kept]) await merge(connection, index)
  return besides
}
