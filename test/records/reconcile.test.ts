import t from 'tap'
import type { WriteOperation } from '../../src/contracts/data-backend.ts'
import { type KeyedRecord, type NotWritten, type RecordContainer, writeRecords } from '../../src/records/reconcile.ts'
import { rowOf } from '../../src/records/rows.ts'
import { aRecord } from '../contracts/data-backend.ts'

/** A container in memory, which refuses what says `bad`. */
const aContainer = (kept: Map<string, string>): RecordContainer<KeyedRecord> => {
  const each = (
    records: readonly KeyedRecord[],
    write: (id: string, text: string) => NotWritten | undefined
  ): ReadonlyMap<KeyedRecord, NotWritten> => {
    const ids = records.map(({ id }) => id)
    if (new Set(ids).size < ids.length) throw new Error('a container is handed each id once')
    return new Map(
      records.flatMap((one) => {
        const why = one.record.value.bad === true ? { reason: 'is bad' } : write(one.id ?? '', one.record.text)
        return why === undefined ? [] : [[one, why]]
      })
    )
  }
  return {
    keyOf: rowOf,
    create: async (records) =>
      each(records, (id, text) => {
        const there = kept.get(id)
        if (there !== undefined) return { there: [there] }
        kept.set(id, text)
        return undefined
      }),
    replace: async (records, orMake) =>
      each(records, (id, text) => {
        if (!orMake && !kept.has(id)) return 'missing'
        kept.set(id, text)
        return undefined
      }),
    removal: {
      keyOf: rowOf,
      remove: async (records) => each(records, (id) => (kept.delete(id) ? undefined : 'missing'))
    }
  }
}

const a1 = { id: 'a', n: 1 }
const a2 = { id: 'a', n: 2 }
const bad = { id: 'a', bad: true }

const cases: readonly {
  readonly operation: WriteOperation
  readonly there?: object
  readonly batch: readonly { readonly [key: string]: unknown }[]
  readonly written: number
  readonly already: number
  readonly rejected: readonly number[]
  readonly left: readonly object[]
}[] = [
  { operation: 'create', batch: [a1, a1, a2], written: 1, already: 1, rejected: [3], left: [a1] },
  { operation: 'create', batch: [bad, a1, a1], written: 1, already: 1, rejected: [1], left: [a1] },
  { operation: 'create', there: a2, batch: [a1, a2, a2], written: 0, already: 2, rejected: [1], left: [a2] },
  { operation: 'index', batch: [a1, a2], written: 2, already: 0, rejected: [], left: [a2] },
  { operation: 'index', batch: [a1, a2, bad], written: 2, already: 0, rejected: [3], left: [a2] },
  { operation: 'update', batch: [a1, a2], written: 0, already: 0, rejected: [1, 2], left: [] },
  { operation: 'update', there: a2, batch: [a1, bad], written: 1, already: 0, rejected: [2], left: [a1] },
  { operation: 'delete', there: a1, batch: [a2, a2, { id: 'b' }], written: 1, already: 2, rejected: [], left: [] },
  { operation: 'create', batch: [{ id: [] }, a1], written: 1, already: 0, rejected: [1], left: [a1] }
]

for (const { operation, there, batch, left, written, already, rejected } of cases) {
  t.test(`${operation} of ${JSON.stringify(batch)} where ${JSON.stringify(there)} is there`, async (t) => {
    const kept = new Map(there === undefined ? [] : [['a', JSON.stringify(there)]])
    const records = batch.map((value, index) => aRecord(value, index + 1))
    const report = await writeRecords(aContainer(kept), records, operation)
    t.match(report, { written, already })
    t.same(report.rejected.map(({ record }) => record.line).sort(), rejected)
    t.same(
      [...kept.values()].map((text) => JSON.parse(text)),
      left
    )
  })
}

t.test('what is there and is not JSON equals no record', async (t) => {
  const report = await writeRecords(aContainer(new Map([['a', 'not JSON']])), [aRecord(a1)], 'create')
  t.match(report, { written: 0, already: 0, rejected: [{ reason: 'is not created: another record has the id a' }] })
})
