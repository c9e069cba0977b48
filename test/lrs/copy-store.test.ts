import t, { type Test } from 'tap'
import { openFs } from '../../src/backends/fs/lrs.ts'
import { openMemory } from '../../src/backends/memory/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import { copyStore, takeInventory } from '../../src/lrs/copy-store.ts'
import { sampleStatements } from '../../src/sample/index.ts'
import { markOf } from '../../src/xapi/attachments.ts'
import type { Statement } from '../../src/xapi/statement.ts'
import { readAll } from '../contracts/attachment-store.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { allPages } from '../support/judged-store.ts'
import { aBatch, anActivity, anAttachment, aStatement, aVoiding, incoming } from '../support/statements.ts'

const clock = (): number => Date.now() * 1000

const memory = async (t: Test): Promise<LrsStore> => {
  const backend = openMemory({}, contextOf(t, clock, '/nowhere'))
  t.teardown(() => backend.close())
  return backend.store()
}

const onDisk = async (t: Test): Promise<LrsStore> => {
  const backend = await openFs({ directory: t.testdir() }, contextOf(t, clock, '/nowhere'))
  t.teardown(() => backend.close())
  return backend.store()
}

const contents = [Buffer.alloc(5_000_000, 1), Buffer.alloc(6_000_000, 2), Buffer.from('small')].map(anAttachment)

const filled = async (t: Test, count = 1200): Promise<LrsStore> => {
  const store = await memory(t)
  const statements = [...sampleStatements({ count, seed: 1, version: '1.0.3' })] as Statement[]
  for (let from = 0; from < count; from += 100)
    await store.statements.insert(aBatch(...statements.slice(from, from + 100)))
  const attachments = contents.map(({ sha2, content }) => ({
    usageType: 'https://example.org/usage',
    display: { en: 'file' },
    contentType: 'application/octet-stream',
    length: content.byteLength,
    sha2
  }))
  await store.statements.insert({ ...aBatch(aStatement({ attachments })), attachments: contents })
  const unwanted = aStatement()
  await store.statements.insert(aBatch(unwanted, aVoiding(unwanted)))
  for (let number = 0; number < 250; number += 1) {
    const key = { kind: 'activity-profile', activity: anActivity('course').id, id: `profile ${number}` } as const
    await store.documents.change(key, () => ({ content: Buffer.from([number]), contentType: 'text/plain' }))
  }
  return store
}

t.test('a copy of a copy has all that its original has', async (t) => {
  const original = await filled(t)
  const [first, second] = [await onDisk(t), await memory(t)]
  const steps: string[] = []
  const copied = await copyStore(original, first, { onProgress: ({ step }) => steps.push(step) })
  t.match(copied, { statements: 1203, attachments: 3, documents: 250 })
  t.same(await copyStore(first, second), copied)
  t.same(await takeInventory(original), copied)
  t.equal(steps[0], 'copy')
  t.equal(steps.at(-1), 'verify')
  const walk = { mayEndEarly: true }
  t.same(await allPages(second, {}, walk), await allPages(original, {}, walk))
})

t.test('ruling 30: a copy knows which statements did not bring the bytes that they name', async (t) => {
  const [original, copy, content] = [await memory(t), await onDisk(t), anAttachment(Buffer.from('an essay'))]
  const naming = aStatement({
    attachments: [
      {
        usageType: 'https://example.org/usage',
        display: { en: 'file' },
        contentType: 'text/plain',
        length: 8,
        sha2: content.sha2,
        fileUrl: 'https://files.example.org/essay'
      }
    ]
  })
  await original.statements.insert({ ...aBatch(aStatement()), attachments: [content] })
  await original.statements.insert({
    ...aBatch(),
    statements: [{ ...incoming(naming), withoutBytes: [content.sha2] }]
  })
  t.match(await copyStore(original, copy), { statements: 2, attachments: 1 })
  t.equal((await readAll(copy.attachments, [markOf(naming.id, content.sha2)])).length, 1)
})

t.test('an interrupted copy goes on where it was when it is called again', async (t) => {
  const original = await filled(t)
  const copy = await memory(t)
  const controller = new AbortController()
  const interrupted = copyStore(original, copy, {
    signal: controller.signal,
    onProgress: ({ statements }) => {
      if (statements > 900) controller.abort(new Error('interrupted'))
    }
  })
  await t.rejects(interrupted, /interrupted/)
  let first = 0
  const done = await copyStore(original, copy, {
    onProgress: ({ step, statements }) => {
      if (step === 'copy' && first === 0) first = statements
    }
  })
  t.equal(done.statements, 1203)
  t.equal(first, 203, 'only what was missing')
})

t.test('a page that was taken in by half is completed', async (t) => {
  const original = await filled(t)
  const copy = await memory(t)
  const { statements } = (await original.copy?.statements(undefined, 10)) ?? { statements: [] }
  await copy.copy?.restoreStatements(statements.slice(5), [])
  t.equal((await copyStore(original, copy)).statements, 1203)
})

t.test('a copy into a store that has something of its own is refused before anything is copied', async (t) => {
  const [original, copy] = [await filled(t, 10), await memory(t)]
  await copy.statements.insert(aBatch(aStatement()))
  await t.rejects(copyStore(original, copy), { code: 'INVALID_INPUT', message: /already has/ })
})
