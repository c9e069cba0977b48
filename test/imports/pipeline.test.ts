import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { createRandom } from '../../src/sample/random.ts'
import { edxEvent, ralphKinds } from '../edx/events.ts'
import { testImports } from '../support/imports.ts'
import { sent } from '../support/requests.ts'

const random = createRandom(31)
const eventAt = (index: number): string => {
  const kind = ralphKinds[index % ralphKinds.length] ?? { source: 'browser', type: 'page_close' }
  return JSON.stringify(edxEvent(random, kind, { asText: true }))
}
const events = Array.from({ length: 20 }, (_, index) => eventAt(index))
const lines = (texts: readonly string[]): string => `${texts.join('\n')}\n`
const prefix = '2023-05-23 13:53:13,461 INFO 20 [tracking] [user 6] [ip 192.0.2.7] logger.py:41 - '

const statements = Array.from({ length: 20 }, () => sent())
const statementLines = lines(statements.map((each) => JSON.stringify(each)))
const idsOfStatements = statements.map(({ id }) => id).sort()

t.test('events and statements, in whatever they come, become statements in the store', async (t) => {
  const { import: bring, ids, staged } = await testImports(t)
  const plain = await bring('events.jsonl', lines(events))
  t.match(plain, { status: 'DONE', trouble: undefined, size: Buffer.byteLength(lines(events)) })
  t.match(plain.counts, { read: 20, converted: 20, rejected: 0 })
  const there = await ids()
  t.equal(there.length, plain.counts.written)
  const gelf = events.map((event) => JSON.stringify({ version: '1.1', host: 'a', short_message: event }))
  const dumped = events.map((event) => `{"_index":"events","_id":"1","_source":${event}}`)
  for (const [name, content] of [
    ['again.jsonl', lines(events)],
    ['tracking.log', lines(events.map((event) => `${prefix}${event}`))],
    ['gelf.json', lines(gelf)],
    ['gelf-without-end.json', gelf.join('\n')],
    ['dump.json', lines(dumped)],
    ['with-blank-lines.json', `\n\n${dumped.join('\n\n')}`],
    ['list.json', `[${events.join(',')}]`],
    ['list-of-dumped.json', `[\n${dumped.join(',\n')}\n]\n`]
  ] as const) {
    const again = await bring(name, content)
    t.match(again.counts, { read: 20, written: 0, already: plain.counts.converted, rejected: 0 }, name)
  }
  t.same(await ids(), there, 'nothing is doubled')
  await bring('statements.jsonl', statementLines)
  for (const [name, content] of [
    ['printed.json', JSON.stringify(statements, null, 2)],
    ['values.json', statements.map((statement) => JSON.stringify(statement, null, 2)).join('\n')]
  ] as const) {
    t.match((await bring(name, content)).counts, { read: 20, written: 0, already: 20, rejected: 0 }, name)
  }
  t.equal((await ids()).length, there.length + statements.length)
  t.same(staged(), [], 'nothing is left in staging')
})

t.test('archives are unpacked by their bytes, whatever they are called, and within each other', async (t) => {
  const directory = t.testdir({ in: { 'a.jsonl': statementLines, sub: { 'b.jsonl': statementLines } } })
  const run = (command: string): void => {
    execFileSync('sh', ['-c', command], { cwd: join(directory, 'in'), stdio: 'inherit' })
  }
  run('tar -cf ../a.tar . && tar -czf ../a.tar.gz . && tar -cjf ../a.tbz2 . && tar -cJf ../a.txz .')
  run('gzip -k a.jsonl && bzip2 -k a.jsonl && xz -k a.jsonl && tar -cf ../nested.tar a.jsonl.gz a.jsonl.bz2 a.jsonl.xz')
  writeFileSync(join(directory, 'a.zst'), zstdCompressSync(statementLines))
  writeFileSync(
    join(directory, 'a.zip'),
    zipOf([
      ['a.jsonl', statementLines],
      ['nested.tar', readFileSync(join(directory, 'nested.tar'))],
      ['inner.zip', zipOf([['c.jsonl', statementLines]])],
      ['.DS_Store', Buffer.from([0, 1, 2])],
      ['picture.png', Buffer.from([0x89, 0x50, 0, 1])]
    ])
  )
  const { import: bring, ids, staged } = await testImports(t, { directory: join(directory, 'app') })
  for (const [name, as, files] of [
    ['a.tar', 'a.tar', 2],
    ['a.tar.gz', 'a.tar.gz', 2],
    ['a.tar.gz', 'lies.jsonl', 2],
    ['a.tbz2', 'a.tbz2', 2],
    ['a.txz', 'a.txz', 2],
    ['a.zst', 'lies.zip', 1],
    ['nested.tar', 'nested', 3],
    ['a.zip', 'lies.tar.gz', 5]
  ] as const) {
    const record = await bring(as, readFileSync(join(directory, name)))
    t.match(record, { status: 'DONE', counts: { read: 20 * files, rejected: 0 } }, `${name} as ${as}`)
    if (name === 'a.zip') t.equal((record.metadata.skipped as readonly unknown[]).length, 2)
  }
  t.same((await ids()).toSorted(), idsOfStatements)
  t.same(staged(), [])
})

t.test('what is wrong with single records is kept, with its place, and can be brought in again', async (t) => {
  const { import: bring, imports, ids, rejected, staged } = await testImports(t)
  const [first = sent(), second = sent(), third = sent()] = statements
  const changed = { ...first, verb: { id: 'http://example.org/another' } }
  const lacking = { id: second.id, verb: second.verb, object: second.object }
  const unknown = { event_type: 'nobody.knows', event_source: 'server', time: '2020-01-01T00:00:00Z' }
  const bad = lines([
    JSON.stringify(first),
    '{"broken',
    JSON.stringify(lacking),
    JSON.stringify(changed),
    JSON.stringify(unknown),
    '[]',
    JSON.stringify(third)
  ])
  const record = await bring('mixed.jsonl', bad)
  t.match(record, { status: 'DONE', counts: { read: 7, written: 2, already: 0, rejected: 5 } })
  const found = await rejected(record.id)
  t.same(
    found.map(({ file, line }) => [file, line]).sort(),
    [2, 3, 4, 5, 6].map((line) => ['mixed.jsonl', line])
  )
  const reasons = new Map(found.map(({ line, reason }) => [line, String(reason)]))
  t.match(reasons.get(2), /not valid JSON/)
  t.match(reasons.get(3), /INVALID_STATEMENT.*actor/)
  t.match(reasons.get(4), /STATEMENT_CONFLICT/)
  t.match(reasons.get(5), /nobody.knows/)
  t.same(found.find(({ line }) => line === 4)?.record, changed, 'the record is there as it came')
  const again = await imports.resubmitRejected(record.id)
  const after = await imports.run(again.id)
  t.match(after, {
    status: 'FAILED',
    trouble: { code: 'INVALID_INPUT' },
    source: { door: 'rejected', reference: record.id }
  })
  t.match(after.counts, { read: 5, rejected: 5 })
  t.equal((await ids()).length, 2)
  t.same(staged(), [])
})

t.test('a statement without an id has the same one whenever the same file comes again', async (t) => {
  const { import: bring, ids } = await testImports(t)
  const { id: _, ...anonymous } = sent()
  const content = lines([JSON.stringify(anonymous), JSON.stringify(anonymous)])
  t.match((await bring('a.jsonl', content)).counts, { written: 2, already: 0 })
  t.match((await bring('a.jsonl', content)).counts, { written: 0, already: 2 })
  t.equal((await ids()).length, 2)
})

t.test('a statement goes to the store, and by the authority, of the user who brought it', async (t) => {
  const { import: bring, backend, ids } = await testImports(t)
  const agent = { account: { homePage: 'https://school.example.org', name: 'jane' } }
  const user = { username: 'jane', agent, scopes: ['statements/write'], target: 'jane' }
  const [statement = sent()] = statements
  t.match(await bring('a.jsonl', JSON.stringify(statement), { user }), { status: 'DONE', target: 'jane' })
  const { statements: store } = await backend.store('jane')
  const found = await store.find(statement.id, { voided: false })
  t.match(JSON.parse(found?.text ?? '{}'), { authority: { objectType: 'Agent', ...agent } })
  t.same(await ids(), [])
})

t.test('events without the settings that they need wait for them', async (t) => {
  const directory = t.testdir()
  const without = await testImports(t, { directory, settings: { platformUrl: undefined } })
  const record = await without.import('events.jsonl', lines(events))
  t.match(record, { status: 'FAILED', trouble: { code: 'INVALID_SETTING', message: /RALPH_IMPORTS_PLATFORM_URL/ } })
  t.same(without.staged(), [record.id], 'the bytes are kept')
  const { imports } = await testImports(t, { directory })
  await imports.retry(record.id)
  t.match(await imports.run(record.id), { status: 'DONE', attempts: 2, counts: { read: 20, rejected: 0 } })
  t.same(without.staged(), [])
})

/** A zip archive, written as the specification of PKWARE has it: no program that makes one is needed. */
function zipOf(entries: readonly (readonly [name: string, content: string | Uint8Array])[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const [name, text] of entries) {
    const content = Buffer.from(text)
    const packed = deflateRawSync(content)
    const head = Buffer.alloc(26)
    head.writeUInt16LE(20, 0)
    head.writeUInt16LE(8, 4)
    head.writeUInt32LE(crcOf(content), 10)
    head.writeUInt32LE(packed.length, 14)
    head.writeUInt32LE(content.length, 18)
    head.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), head, Buffer.from(name), packed])
    const about = Buffer.alloc(14)
    about.writeUInt32LE(at, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), head, about, Buffer.from(name)]))
    parts.push(local)
    at += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(at, 12)
  return Buffer.concat([...parts, central, Buffer.from('PK\x05\x06'), end])
}

function crcOf(content: Uint8Array): number {
  // The last eight bytes of gzip are the checksum and the length.
  return gzipSync(content).readUInt32LE(gzipSync(content).length - 8)
}
