import {
  freshRecord,
  type LeaseRecord,
  type LeaseTable,
  type VersionedRecord
} from '../../storage/batching/lease-record.ts'
import type { Gap, Written } from '../../storage/batching/written.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { type DocumentVersion, type Got, multiGet } from './multi-get.ts'
import type { TargetIndices } from './target-indices.ts'

interface LeaseDocument {
  readonly holder: string | null
  readonly wanted: string | null
  readonly writer: string | null
  readonly last: Micros
  /** Absent if an older version wrote it. */
  readonly through?: Micros
  readonly gaps?: readonly Gap[]
}

const recordIn = (source: Buffer): LeaseRecord => {
  // Only Ralph writes there, so the shape is known.
  const { holder, wanted, writer, last, through, gaps = [] } = JSON.parse(source.toString()) as LeaseDocument
  const names = { holder: holder ?? undefined, wanted: wanted ?? undefined, writer: writer ?? undefined }
  return { ...names, last, through, gaps }
}

/** How far the target is written, by the document of the lease. */
export const writtenIn = ({ source }: Got): Written => (source === undefined ? freshRecord : recordIn(source))

/** The place of the lease, for a multi get. */
export const leaseOf = ({ kept, keys }: TargetIndices) => ({ index: kept, id: keys.lease })

interface LatestAnswer {
  readonly aggregations: {
    readonly round: { readonly value: number | null }
    readonly changedAt: { readonly value: number | null }
  }
}

/** The latest batch that has left something. 0: there is none. */
const lastWritten = async ({ connection, relations, space }: TargetIndices): Promise<Micros> => {
  await connection.ask({ method: 'POST', path: [relations, '_refresh'], kind: 'read' })
  const { body } = await connection.ask({
    method: 'POST',
    path: [relations, '_search'],
    query: { allow_partial_search_results: false },
    body: {
      size: 0,
      query: { term: { space: space.prefix } },
      aggs: { round: { max: { field: 'round' } }, changedAt: { max: { field: 'changedAt' } } }
    },
    kind: 'read'
  })
  // The answer of Elasticsearch to a search.
  const { round, changedAt } = (body as LatestAnswer).aggregations
  return Math.max(round.value ?? 0, changedAt.value ?? 0)
}

/**
 * The lease of a target is one document. Only a process that has seen the latest version can replace it. A GET returns the latest version.
 */
export const createLeaseTable = (indices: TargetIndices): LeaseTable<DocumentVersion> => {
  const { connection, kept, keys } = indices
  /** As far as this process knows, nobody has ever written to the target. */
  let isNew = false

  const read = async (): Promise<VersionedRecord<DocumentVersion> | undefined> => {
    const [got] = await multiGet(connection, [leaseOf(indices)])
    if (got?.source !== undefined && got.version !== undefined) {
      isNew = false
      return { record: recordIn(got.source), version: got.version }
    }
    // If no lease says how far the target is written, all stored statements count.
    const last = isNew ? 0 : await lastWritten(indices)
    isNew = last === 0
    if (isNew) return undefined
    const record = { ...freshRecord, last, through: last }
    const version = await write(record, undefined)
    return version === undefined ? read() : { record, version }
  }

  const write = async (
    record: LeaseRecord,
    version: DocumentVersion | undefined
  ): Promise<DocumentVersion | undefined> => {
    const { holder = null, wanted = null, writer = null, last, through, gaps } = record
    const document: LeaseDocument = {
      holder,
      wanted,
      writer,
      last,
      ...(through === undefined ? {} : { through }),
      gaps
    }
    const { status, body } = await connection.ask({
      method: 'PUT',
      path: [kept, '_doc', keys.lease],
      query: {
        timeout: connection.answerTime,
        ...(version === undefined ? { op_type: 'create' } : { if_seq_no: version.seqNo, if_primary_term: version.term })
      },
      body: document,
      kind: 'write',
      expect: [409]
    })
    if (status === 409) return undefined
    // The answer of Elasticsearch to a write.
    const { _seq_no, _primary_term } = body as { readonly _seq_no: number; readonly _primary_term: number }
    return { seqNo: _seq_no, term: _primary_term }
  }

  return { read, write }
}
