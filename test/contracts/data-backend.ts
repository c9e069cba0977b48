import { randomBytes, randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { DataRole } from '../../src/contracts/backend-definition.ts'
import type {
  BytesBackend,
  DataBackend,
  InputRecord,
  Listed,
  MovedObject,
  ReadOptions,
  RecordsBackend,
  WriteOperation
} from '../../src/contracts/data-backend.ts'

/** What a data backend's test file brings. */
export interface DataSuite<Backend extends DataBackend> {
  readonly definition: DataRole
  /** A backend on a place of its own, empty; whoever opens it closes it when `t` ends. */
  open(t: Test): Promise<Backend>
  /** The same place again, when another process opens it. */
  reopen(t: Test, backend: Backend): Promise<Backend>
  /** A record without what the place is bound to add to every one; undefined: it adds nothing. */
  normalise?(value: { readonly [key: string]: unknown }): { readonly [key: string]: unknown }
}

export const chunksOf = async function* (...chunks: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

const listAll = async (backend: DataBackend): Promise<Listed[]> => {
  const all: Listed[] = []
  for await (const listed of backend.list?.({}) ?? []) all.push(listed)
  return all
}

const requireMethod = <Method>(method: Method | undefined): Method => {
  if (method === undefined) throw new Error('the definition says that the backend has this method')
  return method
}

/** The suite of every place that keeps objects. */
export const testBytesBackend = (t: Test, suite: DataSuite<BytesBackend>): void => {
  const { capabilities } = suite.definition
  const write = (backend: BytesBackend, name: string, content: string | Uint8Array, operation?: WriteOperation) =>
    requireMethod(backend.write)(chunksOf(content), {
      target: name,
      operation: operation ?? capabilities.write[0] ?? 'create'
    })
  const read = (backend: BytesBackend, name: string | undefined, options: ReadOptions = {}): Promise<Buffer> =>
    collect(requireMethod(backend.read)(name, options))

  t.test('what was written is read, byte for byte, and again by the next process', async (t) => {
    const backend = await suite.open(t)
    t.same(await backend.status(), { state: 'ok' })
    const content = Buffer.concat([randomBytes(3_000_001), Buffer.from('\r\n\0\n')])
    const written = await write(backend, 'some.bin', content)
    t.equal(written.size, content.length)
    t.ok((await read(backend, 'some.bin')).equals(content))
    const next = await suite.reopen(t, backend)
    t.ok((await read(next, 'some.bin', { chunkSize: 1000 })).equals(content))
  })

  t.test('an empty object is an object', async (t) => {
    const backend = await suite.open(t)
    await write(backend, 'empty', '')
    t.equal((await read(backend, 'empty')).length, 0)
    t.match(await listAll(backend), [{ id: /empty$/ }])
  })

  t.test('objects are listed with their details, and what is listed can be read', async (t) => {
    const backend = await suite.open(t)
    t.same(await listAll(backend), [])
    for (const name of ['b.jsonl', 'a.jsonl', 'ümlaut and space.jsonl'])
      await write(backend, name, `{"in":"${name}"}\n`)
    const all = await listAll(backend)
    t.equal(all.length, 3)
    for (const { id, historyId, details } of all) {
      t.match(await read(backend, id), /^\{"in":"[^"]+"\}\n$/)
      t.type(historyId, 'string')
      t.ok(Object.keys(details).length > 1)
      t.same(JSON.parse(JSON.stringify(details)), details, 'details are plain JSON')
    }
  })

  t.test('an object is told to the history when it was read to its end, and not before', async (t) => {
    const backend = await suite.open(t)
    const written = await write(backend, 'once.jsonl', 'x'.repeat(500_000))
    const [listed] = await listAll(backend)
    t.equal(written.historyId, listed?.historyId)
    const moved: MovedObject[] = []
    const totals: unknown[] = []
    const options = { onObject: (each: MovedObject) => moved.push(each), onTotal: (each: unknown) => totals.push(each) }
    for await (const _ of requireMethod(backend.read)('once.jsonl', { ...options, chunkSize: 1000 })) break
    t.same(moved, [])
    await read(backend, 'once.jsonl', options)
    t.match(moved, [{ historyId: written.historyId, size: 500_000 }])
    t.same(totals.at(-1), { bytes: 500_000 })
  })

  t.test('what is not there cannot be read', async (t) => {
    const backend = await suite.open(t)
    await t.rejects(read(backend, 'nothing.jsonl'), { name: 'RalphError', code: 'NOT_FOUND' })
  })

  for (const operation of capabilities.write) {
    t.test(`${operation} where an object is there already`, async (t) => {
      const backend = await suite.open(t)
      await write(backend, 'name', 'first\n')
      if (operation === 'create' || operation === 'index') {
        await t.rejects(write(backend, 'name', 'second\n', operation), { code: 'ALREADY_THERE' })
        t.equal(String(await read(backend, 'name')), 'first\n')
      } else {
        await write(backend, 'name', 'second\n', operation)
        t.equal(String(await read(backend, 'name')), operation === 'append' ? 'first\nsecond\n' : 'second\n')
      }
    })

    t.test(`${operation} without a target makes an object of a new name`, async (t) => {
      const backend = await suite.open(t)
      for (const content of ['one', 'two']) {
        await requireMethod(backend.write)(chunksOf(content), { operation })
      }
      t.equal((await listAll(backend)).length, 2)
    })
  }

  t.test('an object is there whole or not at all', async (t) => {
    const backend = await suite.open(t)
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      for (let piece = 0; piece < 8; piece += 1) yield randomBytes(1_000_000)
      throw new Error('the source failed')
    }
    const options = { target: 'half', operation: capabilities.write[0] ?? 'create' } as const
    await t.rejects(requireMethod(backend.write)(broken(), options), { message: 'the source failed' })
    t.same(await listAll(backend), [])
    await t.rejects(read(backend, 'half'), { code: 'NOT_FOUND' })
    await write(backend, 'half', 'now whole')
    t.equal(String(await read(backend, 'half')), 'now whole')
  })

  t.test('reading can be stopped', async (t) => {
    const backend = await suite.open(t)
    await write(backend, 'long', randomBytes(5_000_000))
    const stop = new AbortController()
    const reading = (async () => {
      for await (const _ of requireMethod(backend.read)('long', { chunkSize: 1000, signal: stop.signal })) {
        stop.abort(new Error('enough'))
      }
    })()
    await t.rejects(reading, { message: 'enough' })
  })

  if (capabilities.delete) {
    t.test('what is deleted is gone; what is not there cannot be deleted', async (t) => {
      const backend = await suite.open(t)
      await write(backend, 'gone', 'x')
      await write(backend, 'stays', 'x')
      t.same(await requireMethod(backend.delete)('gone', {}), { deleted: 1 })
      t.match(await listAll(backend), [{ id: /stays$/ }])
      await t.rejects(requireMethod(backend.delete)('gone', {}), { code: 'NOT_FOUND' })
    })
  }

  t.test('it is closed once or twice', async (t) => {
    const backend = await suite.open(t)
    await backend.close()
    await backend.close()
  })
}

/** A record as `ralph write` hands it on. */
export const aRecord = (
  value: { readonly [key: string]: unknown },
  line = 1,
  text = JSON.stringify(value)
): InputRecord => ({
  line,
  text,
  value
})

/** A statement with what every database asks of one. */
export const aStatementRecord = (line: number, more: { readonly [key: string]: unknown } = {}): InputRecord => {
  const id = randomUUID()
  return aRecord(
    {
      id,
      actor: { mbox: 'mailto:learner@example.org' },
      verb: { id: 'https://verb.example.org/did' },
      object: { id: `https://course.example.org/é/${line}` },
      result: { extensions: { 'https://example.org/with.dots': [1, 0.1, null, 'x'] } },
      timestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, line)).toISOString(),
      ...more
    },
    line
  )
}

/** Orders what a database gives back in no particular order. */
const byId = (one: { id?: unknown }, other: { id?: unknown }): number => (String(one.id) < String(other.id) ? -1 : 1)

/** The suite of every place that keeps records. */
export const testRecordsBackend = (t: Test, suite: DataSuite<RecordsBackend>): void => {
  const { capabilities } = suite.definition
  const write = (backend: RecordsBackend, records: readonly InputRecord[], operation?: WriteOperation) =>
    requireMethod(backend.write)(records, { operation: operation ?? capabilities.write[0] ?? 'create' })
  const read = async (backend: RecordsBackend, options: ReadOptions = {}, query?: string): Promise<string[]> => {
    const all: string[] = []
    for await (const { lines } of requireMethod(backend.read)(query, options)) all.push(...lines)
    return all
  }
  const values = async (backend: RecordsBackend): Promise<{ id?: unknown; n?: unknown }[]> =>
    (await read(backend, { bare: true }))
      .map((line) => JSON.parse(line))
      .map((value) => suite.normalise?.(value) ?? value)
      .sort(byId)
  const of = (records: readonly InputRecord[]): unknown[] => records.map(({ value }) => value).sort(byId)
  const many = (count: number): InputRecord[] =>
    Array.from({ length: count }, (_, index) => aStatementRecord(index + 1))

  t.test('records are read as they were written, in any size of pages, and again by the next process', async (t) => {
    const backend = await suite.open(t)
    t.same(await backend.status(), { state: 'ok' })
    const records = many(1234)
    for (let start = 0; start < records.length; start += 500) {
      const batch = records.slice(start, start + 500)
      t.same(await write(backend, batch), { written: batch.length, already: 0, rejected: [] })
    }
    t.same(await values(backend), of(records))
    const next = await suite.reopen(t, backend)
    for (const chunkSize of [100, 1234, 5000]) {
      const lines = await read(next, { bare: true, chunkSize })
      t.equal(new Set(lines).size, 1234, `chunks of ${chunkSize}`)
      for (const line of lines) t.notOk(line.includes('\n'))
    }
    const wrapped = await read(next)
    t.equal(wrapped.length, 1234)
  })

  t.test('what is there already, equal, is no error: a copy can be started again', async (t) => {
    const backend = await suite.open(t)
    const records = many(30)
    await write(backend, records.slice(0, 20))
    const report = await write(backend, records)
    t.same(report.rejected, [])
    t.equal(report.written + report.already, 30)
    t.same(await values(backend), of(records), 'nothing is there twice')
  })

  t.test('the same record twice in a batch is there once', async (t) => {
    const backend = await suite.open(t)
    const [record] = many(1)
    if (record === undefined) throw new Error()
    const report = await write(backend, [record, { ...record, line: 2 }])
    t.same(report.rejected, [])
    t.equal(report.written + report.already, 2)
    t.equal((await values(backend)).length, 1)
  })

  t.test('concurrent batches are all written', async (t) => {
    const backend = await suite.open(t)
    const records = many(400)
    const batches = [0, 100, 200, 300].map((start) => write(backend, records.slice(start, start + 100)))
    for (const report of await Promise.all(batches)) t.equal(report.written, 100)
    t.same(await values(backend), of(records))
  })

  if (capabilities.write.includes('create')) {
    t.test('create: another record of the same id is refused, and the others are written', async (t) => {
      const backend = await suite.open(t)
      const [first, second] = many(2)
      if (first === undefined || second === undefined) throw new Error()
      await write(backend, [first], 'create')
      const changed = aRecord({ ...first.value, verb: { id: 'https://verb.example.org/other' } }, 7)
      const report = await write(backend, [changed, second], 'create')
      t.match(report, { written: 1, rejected: [{ record: { line: 7 } }] })
      t.equal(report.rejected.length, 1)
      t.match(report.rejected[0]?.reason, String(first.value.id))
      t.same(await values(backend), of([first, second]))
    })
  }

  for (const operation of ['index', 'update'] as const) {
    if (!capabilities.write.includes(operation)) continue
    t.test(`${operation}: takes the place of the record with the id`, async (t) => {
      const backend = await suite.open(t)
      const [first, second] = many(2)
      if (first === undefined || second === undefined) throw new Error()
      await write(backend, [first, second])
      const changed = aRecord({ ...first.value, verb: { id: 'https://verb.example.org/other' } })
      t.match(await write(backend, [changed], operation), { written: 1, rejected: [] })
      t.same(await values(backend), of([changed, second]))
    })
  }

  if (capabilities.write.includes('update')) {
    t.test('update: what is not there is refused', async (t) => {
      const backend = await suite.open(t)
      const [first, second] = many(2)
      if (first === undefined || second === undefined) throw new Error()
      await write(backend, [first])
      const report = await write(backend, [second], 'update')
      t.match(report, { written: 0, rejected: [{ record: { line: second.line } }] })
      t.same(await values(backend), of([first]))
    })
  }

  if (capabilities.write.includes('delete')) {
    t.test('delete: takes the records with these ids away, and others not', async (t) => {
      const backend = await suite.open(t)
      const records = many(10)
      await write(backend, records)
      t.match(await write(backend, records.slice(0, 4), 'delete'), { written: 4, already: 0, rejected: [] })
      t.match(await write(backend, records.slice(0, 4), 'delete'), { written: 0, already: 4, rejected: [] })
      t.same(await values(backend), of(records.slice(4)))
    })
  }

  t.test('a query that cannot be understood is refused, and says why', async (t) => {
    const backend = await suite.open(t)
    await t.rejects(read(backend, {}, '{"surely": not a query'), { code: 'INVALID_QUERY' })
    await t.rejects(read(backend, {}, '{"nobodyKnowsThisKey": 1}'), {
      code: 'INVALID_QUERY',
      message: /nobodyKnowsThisKey/
    })
  })

  t.test('reading can be stopped', async (t) => {
    const backend = await suite.open(t)
    await write(backend, many(300))
    const stop = new AbortController()
    const reading = (async () => {
      for await (const _ of requireMethod(backend.read)(undefined, { chunkSize: 10, signal: stop.signal })) {
        stop.abort(new Error('enough'))
      }
    })()
    await t.rejects(reading, { message: 'enough' })
  })

  if (capabilities.list) {
    t.test('the container is listed', async (t) => {
      const backend = await suite.open(t)
      await write(backend, many(1))
      const all = await listAll(backend)
      t.ok(all.length > 0)
      for (const { id, details } of all) {
        t.ok(id.length > 0)
        t.same(JSON.parse(JSON.stringify(details)), details, 'details are plain JSON')
      }
    })
  }

  t.test('it is closed once or twice', async (t) => {
    const backend = await suite.open(t)
    await backend.close()
    await backend.close()
  })
}
