import { appendFile, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openFs } from '../../src/backends/fs/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import type { Statement } from '../../src/xapi/statement.ts'
import { readAll } from '../contracts/attachment-store.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { allPages, judged } from '../support/judged-store.ts'
import {
  aBatch,
  anActivity,
  anAttachment,
  anId,
  aStatement,
  aVerb,
  aVoiding,
  refTo,
  withMbox
} from '../support/statements.ts'

const ann = withMbox('ann')

/** As Ralph 5 writes it: its own order of keys, no version, times with an offset, ASCII only. */
const byRalph = (
  parts: Partial<Statement> & { readonly stored?: string } = {}
): Statement & { readonly id: string } => {
  const { version: _, ...statement } = aStatement({ timestamp: '2026-03-01T10:00:00.000001+00:00', ...parts })
  return statement
}
const asLine = (statement: Statement): string =>
  `${JSON.stringify(statement).replace(/[\u0080-\uffff]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`

const opened = async (t: Test, directory: string, file?: string) => {
  const warnings: string[] = []
  const context = { ...contextOf(t, aClock().now, directory), warn: (message: string) => warnings.push(message) }
  const backend = openFs(file === undefined ? { directory } : { directory, file }, context)
  t.teardown(() => backend.close())
  return { backend, warnings, store: await backend.store() }
}

const openedWith = async (t: Test, content: string | Uint8Array) => {
  const directory = t.testdir()
  const file = join(directory, 'fs_lrs.jsonl')
  // Its owner's alone: what is warned of besides is another test's (field/files-of-earlier-versions).
  await writeFile(file, content, { mode: 0o600 })
  return { directory, file, ...(await opened(t, directory)) }
}

const idsIn = async (store: LrsStore, question = {}): Promise<string[]> =>
  (await allPages(store, { ascending: true, ...question })).map(({ id }) => id)

t.test('a file that Ralph wrote is read, in the order of stored and id, paged over equal times', async (t) => {
  const [early, middle, late] = ['01', '02', '03'].map((day) => `2026-02-${day}T08:00:00.123456+00:00`)
  if (!early || !middle || !late) throw new TypeError('three times')
  const same = Array.from({ length: 5 }, () => byRalph({ stored: middle }))
  const [last, first] = [
    byRalph({ stored: late, actor: { ...ann, name: 'Ann é' } }),
    byRalph({ stored: early, actor: ann })
  ]
  const { store, warnings } = await openedWith(t, [last, ...same, first].map(asLine).join(''))
  const expected = [first.id, ...same.map(({ id }) => id).toSorted(), last.id]
  t.same(warnings, [])
  for (const limit of [1, 2, 3, 100]) {
    t.same(await idsIn(store, { limit }), expected)
    t.same(await idsIn(store, { limit, ascending: false }), expected.toReversed())
  }
  t.same(await idsIn(store, { agent: ann }), [first.id, last.id])
  const found = await store.statements.find(last.id, { voided: false })
  t.equal(found?.text, asLine(last).trimEnd(), 'as Ralph wrote it')
  t.equal(found?.stored, Date.parse('2026-02-03T08:00:00.123Z') * 1000 + 456)
  t.same(await store.statements.agentNames('mailto:ann@example.org'), ['Ann é'])
  const next = aStatement()
  await store.statements.insert(aBatch(next))
  t.same(await idsIn(store), [...expected, next.id])
})

t.test('statements without stored are ordered by their timestamp, and do not move the time of the store', async (t) => {
  const at = (timestamp: string) => byRalph({ timestamp })
  const [one, two, three] = [at('2999-01-01T00:00:00Z'), at('2026-02-01T12:00:00+02:00'), at('2026-02-01T11:00:00Z')]
  const { store } = await openedWith(t, [one, two, three].map(asLine).join(''))
  t.same(await idsIn(store), [two.id, three.id, one.id])
  t.same(await idsIn(store, { until: Date.parse('2026-02-01T10:00:00Z') * 1000 }), [two.id])
  const mine = aStatement()
  await store.statements.insert(aBatch(mine))
  const found = await store.statements.find(mine.id, { voided: false })
  t.ok(found && found.stored < Date.parse('2900-01-01') * 1000)
})

t.test('voiding, references and conflicts hold for what Ralph wrote', async (t) => {
  const stored = '2026-02-01T08:00:00.000000+00:00'
  const [target, voided] = [byRalph({ stored, actor: ann }), byRalph({ stored })]
  const referrer = byRalph({ stored, object: refTo(target) })
  const { version: _, ...voiding } = aVoiding(voided, { timestamp: stored })
  const { store } = await openedWith(t, [{ ...voiding, stored }, referrer, target, voided].map(asLine).join(''))
  t.same((await idsIn(store, { agent: ann })).toSorted(), [target.id, referrer.id].toSorted())
  t.ok(await store.statements.find(voided.id, { voided: true }))
  t.equal((await store.statements.insert(aBatch(target))).already.length, 1)
  await t.rejects(store.statements.insert(aBatch({ ...target, verb: aVerb('other') })), { code: 'STATEMENT_CONFLICT' })
})

t.test('a file in any order answers as the oracle does', async (t) => {
  const verbs = ['one', 'two', 'three'].map(aVerb)
  const ids = Array.from({ length: 80 }, anId)
  const statements = ids.map((id, index) => {
    const at = new Date(Date.parse('2026-02-01T08:00:00Z') + Math.floor(((index * 37) % 80) / 3) * 1000)
    const actor = withMbox(`agent-${index % 5}`)
    const target = ids[(index * 23 + 7) % 80] ?? id
    const object = index % 3 === 0 ? anActivity(`activity-${index % 4}`) : refTo(target)
    const verb = verbs[index % 3] ?? aVerb('one')
    const parts = index % 11 === 1 ? aVoiding(target, { id, actor }) : { id, actor, verb, object }
    return { statement: byRalph({ ...parts, stored: at.toISOString() }), stored: at.getTime() * 1000 }
  })
  const { store } = await openedWith(t, statements.map(({ statement }) => asLine(statement)).join(''))
  const subject = judged(store)
  const inOrder = statements.toSorted(
    (one, other) => one.stored - other.stored || (one.statement.id < other.statement.id ? -1 : 1)
  )
  subject.oracle.insert(inOrder.map(({ statement }) => statement))
  for (const { statement, stored } of statements) subject.oracle.setStored(statement.id, stored)
  let found = 0
  for (const ascending of [true, false]) {
    for (const limit of [3, 100]) {
      const walk = { ascending, limit }
      for (let agent = 0; agent < 5; agent += 1) {
        const who = { agent: withMbox(`agent-${agent}`), ...walk }
        found += (await subject.ask(who)).length
        for (const verb of verbs) found += (await subject.ask({ verb: verb.id, ...who })).length
        found += (await subject.ask({ activity: anActivity(`activity-${agent}`).id, ...walk })).length
      }
    }
  }
  t.ok(found > 500, `${found} statements found`)
})

t.test(
  'what is written is one statement per line, and all else is in a directory that Ralph passes over',
  async (t) => {
    const directory = t.testdir()
    const { store, backend } = await opened(t, directory)
    const statements = [aStatement(), aStatement({ actor: { ...ann, name: '日本\n\u2028' } }), aStatement()]
    await store.statements.insert({ ...aBatch(...statements), attachments: [anAttachment(Buffer.from('a'))] })
    await store.documents.change({ kind: 'agent-profile', agent: 'x', id: 'y' }, () => ({
      content: Buffer.from('z'),
      contentType: 'text/plain'
    }))
    const pretty = aStatement()
    await store.statements.insert({
      statements: [
        { id: pretty.id, statement: pretty, textAt: (stored) => JSON.stringify({ ...pretty, stored }, null, 2) }
      ],
      attachments: [],
      define: true
    })
    await backend.close()
    const lines = String(await readFile(join(directory, 'fs_lrs.jsonl'))).split('\n')
    t.equal(lines.pop(), '', 'the last line has its line feed')
    t.same(
      lines.map((line) => JSON.parse(line).id),
      [...statements, pretty].map(({ id }) => id)
    )
    t.same((await readdir(directory)).toSorted(), ['.lrs', 'fs_lrs.jsonl'])
    t.ok((await stat(join(directory, '.lrs'))).isDirectory())
  }
)

t.test('a target is a directory, and the file is named by a setting', async (t) => {
  const directory = t.testdir()
  const theirs = byRalph({ stored: '2026-02-01T08:00:00.000000+00:00' })
  await mkdir(join(directory, 'school'))
  await writeFile(join(directory, 'school', 'learning.jsonl'), asLine(theirs))
  const { backend, store } = await opened(t, directory, 'learning.jsonl')
  t.same(await idsIn(await backend.store('school')), [theirs.id])
  const mine = aStatement()
  await store.statements.insert(aBatch(mine))
  t.match(String(await readFile(join(directory, 'learning.jsonl'))), mine.id)
  for (const target of ['../school', 'a/b', '.lrs', '..', 'a\\b', '']) {
    await t.rejects(backend.store(target), { code: 'INVALID_SETTING' }, target)
  }
})

t.test('lines that are no statements are named and left alone', async (t) => {
  const stored = '2026-02-01T08:00:00.000000+00:00'
  const [one, two] = [byRalph({ stored }), byRalph({ stored })]
  const broken = [
    '{"id": "not JSON',
    '[]',
    'null',
    '"text"',
    '{}',
    '{"id":"1","actor":{},"verb":{},"object":{}}',
    `{"id":"${anId()}","actor":null,"verb":{"id":"v"},"object":{}}`,
    `{"id":"${anId()}","actor":{"mbox":5},"verb":{"id":"v"},"object":{"id":"o"}}`,
    `{"id":"${anId()}","actor":{"mbox":"mailto:a@b.c"},"verb":{"id":"v"},"object":{"id":"o"},"context":{"contextActivities":{"parent":null}}}`,
    JSON.stringify({ ...one, verb: aVerb('again') })
  ]
  const content = Buffer.concat([
    Buffer.from(asLine(one)),
    Buffer.from(broken.map((line) => `${line}\n`).join('')),
    Buffer.from([0x7b, 0xff, 0xfe, 0x0a]),
    Buffer.from('\n\r\n'),
    Buffer.from(asLine(two).replace('\n', '\r\n'))
  ])
  const { store, file, warnings, backend } = await openedWith(t, content)
  t.same((await idsIn(store)).toSorted(), [one.id, two.id].toSorted())
  t.equal(JSON.parse((await store.statements.find(one.id, { voided: false }))?.text ?? '').verb.id, one.verb.id)
  const named = warnings.map((warning) => Number(/line (\d+)/.exec(warning)?.[1]))
  t.same(named, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  const mine = aStatement()
  await store.statements.insert(aBatch(mine))
  await backend.close()
  const after = await readFile(file)
  t.ok(after.subarray(0, content.length).equals(content), 'every byte is where it was')
})

t.test('statements whose definitions are malformed are kept, and teach nothing', async (t) => {
  const odd = {
    ...byRalph({ stored: '2026-02-01T08:00:00.000000+00:00' }),
    object: { id: anActivity('odd').id, definition: 5 },
    verb: { id: aVerb('odd').id, display: null }
  }
  const { store } = await openedWith(t, `${JSON.stringify(odd)}\n`)
  t.equal((await idsIn(store)).length, 1)
})

t.test('a file full of something else is not told line by line', async (t) => {
  const { warnings, store } = await openedWith(t, 'no statement\n'.repeat(1000))
  t.ok(warnings.length < 30)
  t.match(warnings.at(-1), /980 more lines/)
  t.same(await idsIn(store), [])
})

t.test('a last line that somebody did not finish keeps its bytes, and ours begins on the next', async (t) => {
  const one = byRalph({ stored: '2026-02-01T08:00:00.000000+00:00' })
  const content = `${asLine(one)}{"id":"${anId()}","actor":{"mb`
  const { store, file, warnings, backend, directory } = await openedWith(t, content)
  t.match(warnings, [/last line is ignored/])
  const mine = [aStatement(), aStatement()]
  await store.statements.insert(aBatch(...mine))
  t.same(await idsIn(store), [one.id, ...mine.map(({ id }) => id)])
  await backend.close()
  t.ok(String(await readFile(file)).startsWith(`${content}\n`))
  t.same(await idsIn((await opened(t, directory)).store), [one.id, ...mine.map(({ id }) => id)])
})

t.test('a whole last statement without a line feed is read after the next start', async (t) => {
  const [one, two] = [
    byRalph({ stored: '2026-02-01T08:00:00+00:00' }),
    byRalph({ stored: '2026-02-02T08:00:00+00:00' })
  ]
  const { store, backend, directory } = await openedWith(t, asLine(one) + asLine(two).trimEnd())
  const mine = aStatement()
  await store.statements.insert(aBatch(mine))
  await backend.close()
  t.same(await idsIn((await opened(t, directory)).store), [one.id, two.id, mine.id])
})

t.test('what others append while the store is open is taken in with the next write', async (t) => {
  const { store, file, backend, directory } = await openedWith(t, '')
  const [mine, next, last] = [aStatement(), aStatement(), aStatement()]
  await store.statements.insert(aBatch(mine))
  const theirs = byRalph({ stored: '2026-02-01T08:00:00+00:00', object: refTo(mine), actor: ann })
  await appendFile(file, `${asLine(theirs)}{"half":`)
  await store.statements.insert(aBatch(next))
  t.same(await idsIn(store), [theirs.id, mine.id, next.id])
  t.same(await idsIn(store, { agent: ann, verb: mine.verb.id }), [theirs.id])
  await appendFile(file, 'no statement\n')
  await store.statements.insert(aBatch(last))
  for (const { id } of [mine, theirs, next, last]) {
    t.equal(JSON.parse((await store.statements.find(id, { voided: false }))?.text ?? '{}').id, id)
  }
  await t.rejects(store.statements.insert(aBatch({ ...theirs, verb: aVerb('other') })), { code: 'STATEMENT_CONFLICT' })
  await backend.close()
  t.same(await idsIn((await opened(t, directory)).store), [theirs.id, mine.id, next.id, last.id])
})

t.test('a file that was replaced is not written to; reads go on', async (t) => {
  const { store, file, backend } = await openedWith(t, '')
  const mine = aStatement()
  await store.statements.insert(aBatch(mine))
  await rename(file, `${file}.old`)
  await t.rejects(store.statements.insert(aBatch(aStatement())), { code: 'STORE_UNAVAILABLE' })
  await writeFile(file, '')
  await t.rejects(store.statements.insert(aBatch(aStatement())), { code: 'STORE_UNAVAILABLE' })
  t.match(await backend.status(), { state: 'error', detail: /replaced/ })
  t.same(await idsIn(store), [mine.id])
  await rename(`${file}.old`, file)
  t.same(await backend.status(), { state: 'ok' })
  await store.statements.insert(aBatch(aStatement()))
  t.equal((await idsIn(store)).length, 2)
})

t.test(
  'a journal that grows large while the store is open is written anew, and everything stays readable',
  async (t) => {
    const { directory, store, backend } = await openedWith(t, '')
    const key = { kind: 'state', activity: 'a', agent: 'b' } as const
    const put = (id: string, fill: number) =>
      store.documents.change({ ...key, id }, () => ({ content: Buffer.alloc(200_000, fill), contentType: 'x/y' }))
    await put('kept', 1)
    let reading = true
    const read = async (): Promise<void> => {
      while (reading) {
        const found = await store.documents.get({ ...key, id: 'kept' })
        if (!found?.content.every((byte) => byte === 1)) t.fail('another content was read')
        await setImmediate()
      }
    }
    const reader = read()
    for (let count = 0; count < 120; count += 1) await put('changed', count)
    reading = false
    await reader
    t.ok((await stat(join(directory, '.lrs', 'journal'))).size < 20_000_000, 'of 24 MB most is gone')
    const holds = async ({ documents }: LrsStore): Promise<void> => {
      t.same(await documents.ids(key), ['changed', 'kept'])
      t.ok((await documents.get({ ...key, id: 'changed' }))?.content.every((byte) => byte === 119))
    }
    await holds(store)
    await backend.close()
    await holds((await opened(t, directory)).store)
  }
)

t.test('a target of the name of the file of statements is refused, and what is there is unharmed', async (t) => {
  const { backend, store } = await openedWith(t, '')
  await store.statements.insert(aBatch(aStatement()))
  for (const target of ['fs_lrs.jsonl', 'FS_LRS.jsonl']) {
    await t.rejects(backend.store(target), {
      code: 'INVALID_SETTING',
      message: /is the name of the file of statements/
    })
  }
  t.equal((await idsIn(store)).length, 1)
  await (await backend.store('fs_lrs')).statements.insert(aBatch(aStatement()))
})

t.test('one process at a time writes to a directory', async (t) => {
  const { directory, store, backend } = await openedWith(t, '')
  const second = openFs({ directory }, contextOf(t, aClock().now, directory))
  t.teardown(() => second.close())
  await t.rejects(second.store(), { name: 'RalphError', code: 'STORE_IN_USE' })
  await store.statements.insert(aBatch(aStatement()))
  await backend.close()
  t.equal((await idsIn(await second.store())).length, 1, 'it can be opened once the first has closed')
})

t.test('a journal full of what nobody needs any more is written anew at the next start', async (t) => {
  const { directory, store, backend } = await openedWith(t, '')
  const journal = join(directory, '.lrs', 'journal')
  const attachment = anAttachment(Buffer.alloc(20_000, 'a'))
  const described = aStatement({ actor: { ...ann, name: 'Ann' } })
  await store.statements.insert({ ...aBatch(described), attachments: [attachment], define: false })
  const key = { kind: 'state', activity: 'a', agent: 'b', registration: anId(), id: 'c' } as const
  const put = (id: string, size: number) =>
    store.documents.change({ ...key, id }, () => ({ content: Buffer.alloc(size, id), contentType: `text/${id}` }))
  for (let count = 0; count < 30; count += 1) await put('changed', 100_000 + count)
  await put('deleted', 100_000)
  await store.documents.change({ ...key, id: 'deleted' }, () => undefined)
  await put('other', 0)
  const before = await Promise.all(['changed', 'other'].map((id) => store.documents.get({ ...key, id })))
  await backend.close()
  t.ok((await stat(journal)).size > 3_000_000)
  // What a crash has left of an attempt.
  await writeFile(`${journal}.new`, 'left over')
  const again = await opened(t, directory)
  t.ok((await stat(journal)).size < 200_000)
  const holds = async ({ documents, attachments, statements }: LrsStore): Promise<void> => {
    t.same(await Promise.all(['changed', 'other'].map((id) => documents.get({ ...key, id }))), before)
    t.same(await documents.ids(key), ['changed', 'other'])
    t.equal(
      Buffer.compare(
        (await readAll(attachments, [attachment.sha2]))[0]?.content ?? Buffer.alloc(0),
        attachment.content
      ),
      0
    )
    t.same(await statements.agentNames('mailto:ann@example.org'), [], 'what was not to be learned')
  }
  await holds(again.store)
  await again.store.documents.change({ ...key, id: 'new' }, () => ({ content: Buffer.from('n'), contentType: 'x/y' }))
  await again.store.documents.change({ ...key, id: 'new' }, () => undefined)
  await again.backend.close()
  await holds((await opened(t, directory)).store)
})
