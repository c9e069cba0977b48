import { readFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { openFs } from '../../src/backends/fs/lrs.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { allPages } from '../support/judged-store.ts'
import { type Answer, canLimitFiles, serveStore } from '../support/served-store.ts'
import { aBatch, aStatement } from '../support/statements.ts'

// The limit of file sizes that every Unix has stands for a full disk: part of what is written arrives, then it fails.
const skip = canLimitFiles() ? false : 'prlimit is not installed'

const idsOf = (answer: Answer): readonly string[] => (typeof answer === 'object' && 'ids' in answer ? answer.ids : [])

const full = { code: 'STORE_FULL', message: /free some space|size limit/ }

t.test('a full disk refuses statements, keeps what there is, and takes more once it is mended', { skip }, async (t) => {
  const directory = t.testdir()
  const file = join(directory, 'fs_lrs.jsonl')
  const store = await serveStore(t, 'fs', directory)
  const kept = [...idsOf(await store.tell({ insert: 3 }))]
  const before = await readFile(file)

  store.limitFiles(before.length + 700)
  t.match(await store.tell({ insert: 10 }), full, 'a batch of which the first lines fit')
  t.same(await readFile(file), before, 'nothing of it is left in the file')
  const together = await Promise.all([1, 2, 3, 4].map((insert) => store.tell({ insert: insert * 3 })))
  for (const answer of together) t.match(answer, full)
  t.same(await readFile(file), before)
  const less = { status: { state: 'error', detail: /size limit/ } }
  t.match(await store.tell('status'), less, 'there is room for less only')
  const small = await store.tell({ insert: 1 })
  t.equal(idsOf(small).length, 1, 'one statement still fits')
  kept.push(...idsOf(small))
  t.match(await store.tell({ insert: 1 }), full)

  store.limitFiles(0)
  t.match(await store.tell({ insert: 1 }), full)
  t.match(await store.tell('status'), { status: { state: 'error', detail: /size limit/ } })

  store.limitFiles('unlimited')
  t.match(await store.tell('status'), { status: { state: 'ok' } })
  kept.push(...idsOf(await store.tell({ insert: 5 })))
  t.equal(kept.length, 9)
  t.equal(await store.tell('close'), 'done')
  await store.end()

  const backend = openFs({ directory }, contextOf(t, aClock().now, directory))
  t.teardown(() => backend.close())
  const found = await allPages(await backend.store(), { ascending: true })
  t.same(
    found.map(({ id }) => id),
    kept
  )
})

t.test('a full disk refuses documents and attachments, and nothing of them is left', { skip }, async (t) => {
  const directory = t.testdir()
  const journal = join(directory, '.lrs', 'journal')
  const store = await serveStore(t, 'fs', directory)
  t.equal(await store.tell({ put: 'kept', size: 1000 }), 'done')
  const { size } = await stat(journal)

  store.limitFiles(size + 5000)
  t.match(await store.tell({ put: 'kept', size: 100_000 }), full)
  t.match(await store.tell({ insert: 1, attachment: 100_000 }), full)
  t.equal((await stat(journal)).size, size)
  t.equal((await stat(join(directory, 'fs_lrs.jsonl'))).size, 0, 'no statement without its attachment')
  t.equal(await store.tell({ put: 'small', size: 1000 }), 'done')

  store.limitFiles('unlimited')
  t.equal(await store.tell({ put: 'large', size: 100_000 }), 'done')
  t.equal(idsOf(await store.tell({ insert: 1, attachment: 100_000 })).length, 1)
  // Not closed: what was acknowledged is durable all the same.
  await store.end()

  const backend = openFs({ directory }, contextOf(t, aClock().now, directory))
  t.teardown(() => backend.close())
  const { documents } = await backend.store()
  const scope = { kind: 'agent-profile', agent: 'mailto:ann@example.org' } as const
  t.same(await documents.ids(scope), ['kept', 'large', 'small'])
  t.equal((await documents.get({ ...scope, id: 'kept' }))?.content.length, 1000)
  t.equal((await documents.get({ ...scope, id: 'large' }))?.content.length, 100_000)
})

t.test(
  'a store of which statements were found damaged takes no more, and says so until it is opened again',
  async (t) => {
    const directory = t.testdir()
    const backend = openFs({ directory }, contextOf(t, aClock().now, directory))
    t.teardown(() => backend.close())
    const store = await backend.store()
    await store.statements.insert(aBatch(aStatement(), aStatement()))
    await truncate(join(directory, 'fs_lrs.jsonl'), 10)
    const corrupt = { code: 'STORE_CORRUPT', message: /shorter than it was/ }
    await t.rejects(store.statements.insert(aBatch(aStatement())), corrupt)
    await t.rejects(store.statements.insert(aBatch(aStatement())), corrupt)
    t.match(await backend.status(), { state: 'error', detail: /shorter than it was/ })
  }
)
