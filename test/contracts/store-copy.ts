import type { Test } from 'tap'
import type { DocumentKey } from '../../src/contracts/document-store.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import type { StoredStatement } from '../../src/contracts/statement-store.ts'
import type { KeyedDocument, StoreCopy } from '../../src/contracts/store-copy.ts'
import type { Position } from '../../src/xapi/filters.ts'
import { allPages } from '../support/judged-store.ts'
import {
  aBatch,
  anActivity,
  anAttachment,
  aStatement,
  aVerb,
  aVoiding,
  refTo,
  withAccount,
  withMbox
} from '../support/statements.ts'
import { readAll } from './attachment-store.ts'
import { type OpenBackend, openSuite } from './open-backend.ts'

const copyOf = (store: LrsStore): StoreCopy => {
  if (store.copy === undefined) throw new Error('the store cannot be copied')
  return store.copy
}

const everyStatement = async (store: LrsStore, limit: number): Promise<StoredStatement[]> => {
  const all: StoredStatement[] = []
  for (let after: Position | undefined; ; ) {
    const { statements, more } = await copyOf(store).statements(after, limit)
    all.push(...statements)
    const last = statements.at(-1)
    if (!more) return all
    if (last === undefined) throw new Error('an empty page says that more follows')
    after = { stored: last.stored, id: last.id }
  }
}

const everyDocument = async (store: LrsStore, limit: number): Promise<KeyedDocument[]> => {
  const all: KeyedDocument[] = []
  for (let after: DocumentKey | undefined; ; ) {
    const page = await copyOf(store).documents(after, limit)
    all.push(...page)
    after = page.at(-1)?.key
    if (after === undefined) return all
  }
}

const ann = withMbox('ann')
const content = anAttachment(Buffer.from('content'))

/** A store with a little of everything; the ids tell which is which. */
const fill = async (store: LrsStore) => {
  const early = aStatement({ actor: ann, verb: aVerb('early') })
  const unwanted = aStatement({ actor: ann, verb: aVerb('unwanted') })
  const late = aStatement({ actor: ann, verb: aVerb('late'), object: anActivity('late', { name: { en: 'Late' } }) })
  const toEarly = aStatement({ actor: withMbox('ben'), object: refTo(early) })
  const toLate = aStatement({ actor: withMbox('ben'), object: refTo(late) })
  const toUnwanted = aStatement({ actor: withMbox('ben'), object: refTo(unwanted) })
  const voidedFirst = aStatement({ actor: ann })
  const batches = [
    [early, toLate],
    [aVoiding(voidedFirst)],
    [unwanted, toUnwanted],
    [toEarly, aVoiding(unwanted)],
    [late, voidedFirst]
  ]
  for (const batch of batches) await store.statements.insert({ ...aBatch(...batch), attachments: [content] })
  return { early, late, toEarly, toLate, unwanted, voidedFirst, count: batches.flat().length }
}

const keys: readonly DocumentKey[] = [
  { kind: 'activity-profile', activity: anActivity('course').id, id: 'one' },
  { kind: 'activity-profile', activity: anActivity('course').id, id: 'two' },
  { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'one' },
  { kind: 'state', activity: anActivity('course').id, agent: 'mailto:ann@example.org', id: 'one' },
  {
    kind: 'state',
    activity: anActivity('course').id,
    agent: 'mailto:ann@example.org',
    registration: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
    id: 'one'
  }
]

/** What every store must do that can be copied (`StoreCopy`). */
export const storeCopyContract = (t: Test, name: string, open: OpenBackend): void => {
  t.test(`${name} as a store to copy`, async (t) => {
    const suite = await openSuite(t, open)

    t.test('all statements are given out once, voided ones too, oldest first, in pages', async (t) => {
      const store = await suite.fresh()
      const { count, unwanted } = await fill(store)
      for (const limit of [1, 3, count, 100]) {
        const all = await everyStatement(store, limit)
        t.equal(new Set(all.map(({ id }) => id)).size, count)
        t.ok(all.every(({ stored }, index) => index === 0 || stored >= (all[index - 1]?.stored ?? 0)))
        t.ok(all.some(({ id }) => id === unwanted.id))
      }
      const all = await everyStatement(store, 100)
      const found = await store.statements.find(unwanted.id, { voided: true })
      t.same(
        all.find(({ id }) => id === unwanted.id),
        found
      )
    })

    t.test('an empty store gives out nothing', async (t) => {
      const store = await suite.fresh()
      t.same(await copyOf(store).statements(undefined, 10), { statements: [], more: false })
      t.same(await copyOf(store).documents(undefined, 10), [])
    })

    t.test('a copy answers as its original: stored, voiding, references, descriptions and attachments', async (t) => {
      const [original, copy] = [await suite.fresh(), await suite.fresh()]
      const { count, early, late, toEarly, toLate, unwanted, voidedFirst } = await fill(original)
      for (const each of await everyStatement(original, 2)) {
        const report = await copyOf(copy).restoreStatements([each], [content])
        t.same(report, { inserted: [each.id], already: [] })
      }
      t.same(await everyStatement(copy, 100), await everyStatement(original, 100))
      t.equal((await everyStatement(copy, 100)).length, count)
      for (const question of [{}, { agent: ann }, { verb: aVerb('late').id }, { verb: aVerb('early').id }]) {
        t.same(await allPages(copy, question), await allPages(original, question), JSON.stringify(question))
      }
      const byVerb = async (verb: string) => (await allPages(copy, { verb: aVerb(verb).id })).map(({ id }) => id).sort()
      t.same(await byVerb('late'), [late.id, toLate.id].sort(), 'the target came after its referrer')
      t.same(await byVerb('early'), [early.id, toEarly.id].sort())
      for (const { id } of [unwanted, voidedFirst]) {
        t.ok(await copy.statements.find(id, { voided: true }))
        t.equal(await copy.statements.find(id, { voided: false }), undefined)
      }
      t.same(await readAll(copy.attachments, [content.sha2]), [content])
      const { definitions } = await copy.statements.describe({ activities: [anActivity('late').id], verbs: [] })
      t.same(definitions.get(anActivity('late').id), { name: { en: 'Late' } })
    })

    t.test('what was restored once is left as it is', async (t) => {
      const [original, copy] = [await suite.fresh(), await suite.fresh()]
      await fill(original)
      const all = await everyStatement(original, 100)
      await copyOf(copy).restoreStatements(all.slice(0, 3), [])
      const report = await copyOf(copy).restoreStatements(all, [])
      t.same(
        report.already,
        all.slice(0, 3).map(({ id }) => id)
      )
      t.same(
        report.inserted,
        all.slice(3).map(({ id }) => id)
      )
      t.same(await everyStatement(copy, 100), all)
    })

    t.test('what is stored after a restore is later than all of it', async (t) => {
      const store = await suite.fresh()
      const stored = suite.clock.now() + 3_600_000_000
      const statement = aStatement({ authority: { objectType: 'Agent', ...withAccount('lms') } })
      await copyOf(store).restoreStatements([{ id: statement.id, stored, text: JSON.stringify(statement) }], [])
      const next = aStatement()
      await store.statements.insert(aBatch(next))
      const found = await store.statements.find(next.id, { voided: false })
      t.ok(found && found.stored > stored)
      t.same(
        (await allPages(store, {})).map(({ id }) => id),
        [next.id, statement.id]
      )
    })

    t.test('documents are given out once, in pages, and taken in with their time', async (t) => {
      const [original, copy] = [await suite.fresh(), await suite.fresh()]
      for (const [index, key] of keys.entries()) {
        await original.documents.change(key, () => ({ content: Buffer.from([index, 0, 255]), contentType: 'a/b; c=d' }))
      }
      const all = await everyDocument(original, 2)
      t.equal(all.length, keys.length)
      await copyOf(copy).restoreDocuments(all)
      await copyOf(copy).restoreDocuments(all.slice(0, 2))
      for (const key of keys) t.same(await copy.documents.get(key), await original.documents.get(key))
      const plain = (each: KeyedDocument): string =>
        JSON.stringify([
          each.key.kind,
          each.key.id,
          Buffer.from(each.document.content).toString('hex'),
          each.document.updated
        ])
      t.same((await everyDocument(copy, 100)).map(plain).sort(), all.map(plain).sort())
    })
  })
}
