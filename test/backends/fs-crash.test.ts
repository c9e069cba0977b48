import { cp, mkdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openFs } from '../../src/backends/fs/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import { readAll } from '../contracts/attachment-store.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { allPages } from '../support/judged-store.ts'
import { aBatch, anActivity, anAttachment, aStatement } from '../support/statements.ts'

const openIn = async (t: Test, directory: string): Promise<{ store: LrsStore; close: () => Promise<void> }> => {
  const backend = openFs({ directory }, contextOf(t, aClock().now, directory))
  t.teardown(() => backend.close())
  return { store: await backend.store(), close: () => backend.close() }
}

const idsIn = async (store: LrsStore): Promise<string[]> =>
  (await allPages(store, { ascending: true })).map(({ id }) => id)

/**
 * The files as `work` left them on the disk, and as they were before it: the server dies without closing anything.
 */
const crashAfter = async (
  t: Test,
  prepare: (store: LrsStore) => Promise<unknown>,
  work: (store: LrsStore) => Promise<unknown>
) => {
  const directory = t.testdir()
  const { store, close } = await openIn(t, join(directory, 'live'))
  await prepare(store)
  await cp(join(directory, 'live'), join(directory, 'before'), { recursive: true })
  await work(store)
  await cp(join(directory, 'live'), join(directory, 'crashed'), { recursive: true })
  await close()
  let copies = 0
  return {
    before: await readFile(join(directory, 'before', 'fs_lrs.jsonl')),
    after: await readFile(join(directory, 'crashed', 'fs_lrs.jsonl')),
    /** A copy of what the crash left, for `change` to damage further. */
    crashed: async (change: (directory: string) => Promise<unknown>): Promise<string> => {
      copies += 1
      const copy = join(directory, `copy-${copies}`)
      await cp(join(directory, 'crashed'), copy, { recursive: true })
      await change(copy)
      return copy
    }
  }
}

const statementsOf = (directory: string): string => join(directory, 'fs_lrs.jsonl')

t.test('a batch of which a crash has kept a part is taken back, wherever it was cut', async (t) => {
  const [first, second] = [
    [aStatement(), aStatement()],
    [aStatement(), aStatement(), aStatement()]
  ]
  const { before, after, crashed } = await crashAfter(
    t,
    (store) => store.statements.insert(aBatch(...first)),
    (store) => store.statements.insert(aBatch(...second))
  )
  const ids = first.map(({ id }) => id)
  const lineEnds = [...after.entries()].flatMap(([at, byte]) =>
    byte === 0x0a && at >= before.length ? [at, at + 1] : []
  )
  const cuts = [...lineEnds, before.length, before.length + 1, before.length + 100, after.length - 2].filter(
    (cut) => cut < after.length
  )
  t.ok(cuts.length > 7)
  for (const cut of cuts) {
    const directory = await crashed((copy) => truncate(statementsOf(copy), cut))
    const { store, close } = await openIn(t, directory)
    t.same(await idsIn(store), ids, `cut at ${cut} of ${before.length} to ${after.length}`)
    t.same(await readFile(statementsOf(directory)), before, 'no trace of it is left for Ralph to stumble over')
    t.same((await store.statements.insert(aBatch(...second))).inserted.length, 3, 'it can be sent again')
    await close()
  }
  const whole = await openIn(t, await crashed(async () => {}))
  t.equal((await idsIn(whole.store)).length, 5, 'a whole batch is kept')
})

t.test('what others append after a crash is kept, whether a half batch is before it or a whole one', async (t) => {
  const batch = [aStatement(), aStatement(), aStatement()]
  const first = aStatement()
  const { before, after, crashed } = await crashAfter(
    t,
    (store) => store.statements.insert(aBatch(first)),
    (store) => store.statements.insert(aBatch(...batch))
  )
  const [theirs, others] = [aStatement(), aStatement()]
  const lines = `${JSON.stringify({ ...theirs, stored: '2999-01-01T00:00:00.000000+00:00' })}\n${JSON.stringify({ ...others, stored: '2999-01-01T00:00:00.000000+00:00' })}\n`
  const firstLineEnd = after.indexOf('\n', before.length) + 1

  const half = await crashed(async (copy) => {
    await truncate(statementsOf(copy), firstLineEnd)
    await writeFile(statementsOf(copy), lines, { flag: 'a' })
  })
  const { store, close } = await openIn(t, half)
  t.same((await idsIn(store)).toSorted(), [first.id, theirs.id, others.id].toSorted())
  await close()
  t.equal(String(await readFile(statementsOf(half))), `${before}${lines}`)

  const torn = await crashed(async (copy) => {
    await truncate(statementsOf(copy), firstLineEnd + 20)
    await writeFile(statementsOf(copy), lines, { flag: 'a' })
  })
  const glued = await openIn(t, torn)
  // Their first line has become part of our torn one: no statement of ours, and theirs is not thrown away.
  t.same((await idsIn(glued.store)).toSorted(), [first.id, others.id].toSorted())
  t.match(String(await readFile(statementsOf(torn))), theirs.id)
  await glued.close()

  const whole = await openIn(t, await crashed((copy) => writeFile(statementsOf(copy), lines, { flag: 'a' })))
  t.equal((await idsIn(whole.store)).length, 6)
})

t.test('a crash before anything was appended, or with a torn intent, changes nothing', async (t) => {
  const [first, second] = [
    [aStatement(), aStatement()],
    [aStatement(), aStatement()]
  ]
  const { before, crashed } = await crashAfter(
    t,
    (store) => store.statements.insert(aBatch(...first)),
    (store) => store.statements.insert(aBatch(...second))
  )
  const announced = await crashed((copy) => truncate(statementsOf(copy), before.length))
  t.same(
    await idsIn((await openIn(t, announced)).store),
    first.map(({ id }) => id)
  )
  const intent = (copy: string) => join(copy, '.lrs', 'intent')
  const torn = await crashed(async (copy) => {
    await truncate(statementsOf(copy), before.length)
    await truncate(intent(copy), 30)
  })
  t.same(
    await idsIn((await openIn(t, torn)).store),
    first.map(({ id }) => id)
  )
})

t.test(
  'once opened, a store takes no more notice of the crash: lines that others remove or add are their business',
  async (t) => {
    const batch = [aStatement(), aStatement(), aStatement()]
    const { after, crashed } = await crashAfter(
      t,
      async () => {},
      (store) => store.statements.insert(aBatch(...batch))
    )
    const directory = await crashed(async () => {})
    await (await openIn(t, directory)).close()
    const [, ...rest] = after.toString().split('\n')
    await writeFile(statementsOf(directory), rest.join('\n'))
    t.same(
      await idsIn((await openIn(t, directory)).store),
      batch.slice(1).map(({ id }) => id)
    )
  }
)

t.test('documents and attachments are kept whole or not at all, wherever a crash has cut their files', async (t) => {
  const key = { kind: 'activity-profile', activity: anActivity('course').id, id: 'profile' } as const
  const attachment = anAttachment(Buffer.from('attached'))
  const put = (store: LrsStore, text: string) =>
    store.documents.change(key, () => ({ content: Buffer.from(text), contentType: 'text/plain' }))
  const { crashed } = await crashAfter(
    t,
    (store) => put(store, 'before'),
    async (store) => {
      await store.statements.insert({ ...aBatch(aStatement()), attachments: [attachment] })
      await put(store, 'after')
    }
  )
  /** What is found in the store when one of its files was cut at each of its bytes, or nearly each. */
  const seenWhenCut = async (name: string): Promise<string[]> => {
    const file = (copy: string) => join(copy, '.lrs', name)
    const { length } = await readFile(file(await crashed(async () => {})))
    const seen = new Set<string>()
    for (let cut = 0; cut <= length; cut += cut < length - 8 ? 17 : 1) {
      const directory = await crashed((copy) => truncate(file(copy), cut))
      const { store, close } = await openIn(t, directory)
      const document = await store.documents.get(key)
      const attached = await readAll(store.attachments, [attachment.sha2])
      for (const { content } of attached) t.equal(Buffer.from(content).toString(), 'attached')
      seen.add(`${document && Buffer.from(document.content).toString()} ${attached.length}`)
      await put(store, 'again')
      await close()
      const again = await openIn(t, directory)
      t.equal(Buffer.from((await again.store.documents.get(key))?.content ?? []).toString(), 'again')
      await again.close()
    }
    return [...seen]
  }
  t.same(await seenWhenCut('journal'), ['undefined 1', 'before 1', 'after 1'])
  t.same(await seenWhenCut('attachments'), ['after 0', 'after 1'])
})

t.test('bytes of the journal that never became durable are dropped, with a warning', async (t) => {
  const key = { kind: 'activity-profile', activity: anActivity('course').id, id: 'profile' } as const
  const { crashed } = await crashAfter(
    t,
    (store) => store.documents.change(key, () => ({ content: Buffer.from('kept'), contentType: 'text/plain' })),
    async () => {}
  )
  const journal = (copy: string) => join(copy, '.lrs', 'journal')
  const zeros = await crashed((copy) => writeFile(journal(copy), Buffer.alloc(5000), { flag: 'a' }))
  const warnings: string[] = []
  const backend = openFs(
    { directory: zeros },
    { clock: aClock().now, appDir: zeros, warn: (text) => warnings.push(text) }
  )
  t.teardown(() => backend.close())
  t.equal(Buffer.from((await (await backend.store()).documents.get(key))?.content ?? []).toString(), 'kept')
  t.ok(
    warnings.some((text) => /the last 5000 bytes are an unfinished write/.test(text)),
    warnings.join()
  )
})

t.test('a journal that something else has written over is not opened, and not touched', async (t) => {
  const directory = t.testdir()
  await mkdir(join(directory, '.lrs'))
  const text = 'this is no journal, whatever it is, and it is longer than a header'
  await writeFile(join(directory, '.lrs', 'journal'), text)
  const backend = openFs({ directory }, contextOf(t, aClock().now, directory))
  t.teardown(() => backend.close())
  await t.rejects(backend.store(), { name: 'RalphError', code: 'STORE_CORRUPT' })
  t.equal(String(await readFile(join(directory, '.lrs', 'journal'))), text)
})

t.test('a journal that is damaged before its last frame is not opened, and not touched', async (t) => {
  const directory = t.testdir()
  const { store, close } = await openIn(t, directory)
  const key = { kind: 'activity-profile', activity: anActivity('course').id } as const
  for (const id of ['one', 'two', 'three']) {
    const content = Buffer.from(`the content of ${id}`)
    await store.documents.change({ ...key, id }, () => ({ content, contentType: 'text/plain' }))
  }
  await close()
  const path = join(directory, '.lrs', 'journal')
  const whole = await readFile(path)
  const frames = [...whole.toString('latin1').matchAll(/R[\da-f]{12} [\da-f]{8}\n/g)].map(({ index }) => index)
  const offset = frames.findLast((frame) => frame < whole.indexOf('"two"')) ?? -1
  const damages = { 'its JSON': '{"put"', 'what its JSON says': '"two"', 'a content': 'content of two' }
  for (const [what, text] of Object.entries(damages)) {
    const damaged = Buffer.from(whole)
    damaged.write('x', whole.indexOf(text, offset) + 1)
    await writeFile(path, damaged)
    const backend = openFs({ directory }, contextOf(t, aClock().now, directory))
    t.teardown(() => backend.close())
    const refused = { name: 'RalphError', code: 'STORE_CORRUPT', details: { path, offset } }
    await t.rejects(backend.store(), refused, what)
    t.same(await readFile(path), damaged)
  }
})
