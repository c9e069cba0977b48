import type { LeaseRecord, LeaseTable } from '../../rounds/lease.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { type DocumentVersion, type Got, multiGet } from './multi-get.ts'
import type { Tables } from './tables.ts'

interface LeaseDocument {
  readonly holder: string | null
  readonly wanted: string | null
  readonly writer: string | null
  readonly last: Micros
}

const recordIn = (source: Buffer): LeaseRecord => {
  // Nobody else writes there.
  const { holder, wanted, writer, last } = JSON.parse(source.toString()) as LeaseDocument
  return { holder: holder ?? undefined, wanted: wanted ?? undefined, writer: writer ?? undefined, last }
}

/** How far it is written, by the document of the lease. */
export const lastIn = ({ source }: Got): Micros => (source === undefined ? 0 : recordIn(source).last)

/** Where the lease is, for a multi get. */
export const leaseOf = ({ kept, keys }: Tables) => ({ index: kept, id: keys.lease })

/** The lease of a target: one document, replaced only by who has seen its latest version. A GET is up to date. */
export const createLeaseTable = (tables: Tables): LeaseTable<DocumentVersion> => {
  const { connection, kept, keys } = tables
  return {
    read: async () => {
      const [got] = await multiGet(connection, [leaseOf(tables)])
      if (got?.source === undefined || got.version === undefined) return undefined
      return { record: recordIn(got.source), version: got.version }
    },
    write: async ({ holder = null, wanted = null, writer = null, last }, version) => {
      const document: LeaseDocument = { holder, wanted, writer, last }
      const { status, body } = await connection.ask({
        method: 'PUT',
        path: [kept, '_doc', keys.lease],
        query:
          version === undefined ? { op_type: 'create' } : { if_seq_no: version.seqNo, if_primary_term: version.term },
        body: document,
        kind: 'write',
        expect: [409]
      })
      if (status === 409) return undefined
      // The answer of Elasticsearch to a write.
      const { _seq_no, _primary_term } = body as { readonly _seq_no: number; readonly _primary_term: number }
      return { seqNo: _seq_no, term: _primary_term }
    }
  }
}
