import { createHash } from 'node:crypto'
import { type Db, type Document, Long, ObjectId } from 'mongodb'
import t from 'tap'
import { openMongo } from '../../src/backends/mongo/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import type { Statement } from '../../src/xapi/statement.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { allPages, findAny } from '../support/judged-store.ts'
import { aDatabase, collection, quickLease, relationsIn, server } from '../support/mongo.ts'
import { aBatch, anActivity, aStatement, aVerb, aVoiding, refTo, withMbox } from '../support/statements.ts'

const [ann, ben] = [withMbox('ann'), withMbox('ben')]
const course = anActivity('course').id

const leaseOf = (db: Db) => db.collection<Document & { readonly _id: string }>(`${collection}:lease`)

const lastIn = async (db: Db): Promise<number> => Number((await leaseOf(db).findOne({ _id: 'lease' }))?.last)

/** As if whoever wrote all that is later had died just before it said so. */
const dieBefore = async (db: Db, last: number): Promise<void> => {
  await leaseOf(db).updateOne({ _id: 'lease' }, { $set: { last, holder: 'one that died' }, $inc: { version: 1 } })
}

/** What a reader can find out. */
const seen = async ({ statements }: LrsStore, ids: readonly string[]) => ({
  all: (await allPages({ statements } as LrsStore, { ascending: true })).map(({ id }) => id),
  ofAnn: (await allPages({ statements } as LrsStore, { agent: ann, ascending: true })).map(({ id }) => id),
  ofBen: (await allPages({ statements } as LrsStore, { agent: ben, ascending: true })).map(({ id }) => id),
  voided: await Promise.all(ids.map(async (id) => (await statements.find(id, { voided: true })) !== undefined)),
  valid: await Promise.all(ids.map(async (id) => (await statements.find(id, { voided: false })) !== undefined)),
  course: (await statements.describe({ activities: [course], verbs: [] })).definitions.get(course),
  names: await statements.agentNames('mailto:ann@example.org')
})

const described = (name: string, parts: Partial<Statement> = {}) =>
  aStatement({ object: anActivity('course', { name: { [name]: name } }), actor: { ...ann, name }, ...parts })

/** The document that Ralph writes. */
const ralphDocument = (statement: Statement, parts: object = {}): Document => ({
  _id: new ObjectId(
    Buffer.concat([
      Buffer.from(Math.floor(Date.parse(statement.timestamp ?? '') / 1000).toString(16), 'hex'),
      createHash('sha256').update(String(statement.id)).digest().subarray(0, 8)
    ])
  ),
  _source: { ...statement, ...parts }
})

const engine = await engineFor('mongo')

if ('missing' in engine) t.test('batches on MongoDB', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine

  t.test('nothing of a batch that was never committed is seen or left', async (t) => {
    const { options, db } = await aDatabase(t, url)
    const first = server(t, options)
    const store = await first.store()
    const late = described('late', { actor: ben })
    const [victim, waiting] = [described('one'), aStatement({ object: refTo(late) })]
    await store.statements.insert(aBatch(victim, waiting))
    const ids = [victim, waiting, late].map(({ id }) => id)
    const [last, before, there] = [await lastIn(db), await seen(store, ids), await relationsIn(db)]
    const batch = aBatch(aVoiding(victim, { actor: ann }), late, described('two'))
    await store.statements.insert(batch)
    const after = await seen(store, ids)
    t.strictNotSame(after, before)
    await first.close()

    await dieBefore(db, last)
    t.equal(await db.collection(collection).countDocuments(), 5)
    const again = await server(t, { ...options, lease: quickLease }).store()
    t.same(await seen(again, ids), before, 'readers look no further than what was committed')
    const other = aStatement({ actor: withMbox('somebody else') })
    await again.statements.insert(aBatch(other))
    const expected = { ...before, all: [...before.all, other.id] }
    t.same(await seen(again, ids), expected, 'nor when the next one has written')
    for (const [id, relations] of there) {
      const { version, pending, ...rest } = (await relationsIn(db)).get(id) ?? {}
      t.same({ ...rest, pending: pending ?? [] }, { ...relations, pending: [] }, 'as it was before')
      t.ok(version === undefined || version > 0)
    }
    t.equal(await db.collection(collection).countDocuments(), 3)

    t.same((await again.statements.insert(batch)).already, [], 'who sends it again is told that it is new')
    const { all, ofAnn, ...rest } = await seen(again, ids)
    const { all: allAfter, ofAnn: ofAnnAfter, ...restAfter } = after
    t.same(rest, restAfter)
    t.same([all.length, ofAnn], [allAfter.length + 1, ofAnnAfter])
  })

  t.test('a writer that was taken for dead undoes what it has written', async (t) => {
    const { options, db } = await aDatabase(t, url)
    const store = await server(t, { ...options, lease: { timeToLive: 10_000, patience: 100, linger: 5000 } }).store()
    const before = aStatement()
    await store.statements.insert(aBatch(before))
    await leaseOf(db).updateOne({ _id: 'lease' }, { $set: { holder: 'another' }, $inc: { version: 1 } })
    const late = aStatement()
    await t.rejects(store.statements.insert(aBatch(late)), { code: 'STORE_UNAVAILABLE', details: { retryAfter: 1 } })
    t.same([...(await relationsIn(db)).keys()], [before.id])
    await leaseOf(db).updateOne({ _id: 'lease' }, { $set: { holder: null }, $inc: { version: 1 } })
    await store.statements.insert(aBatch(late))
    t.ok(await findAny(store, late.id))
  })

  t.test('readers do not wait for a writer that died, and their consistent-through is true', async (t) => {
    const { options, db } = await aDatabase(t, url)
    const store = await server(t, options).store()
    await store.statements.insert(aBatch(aStatement()))
    const last = await lastIn(db)
    await dieBefore(db, last)
    const clock = aClock()
    clock.shift(60_000_000)
    const other = openMongo(options, contextOf(t, clock.now, t.testdirName))
    const reader = await other.store()
    const start = performance.now()
    t.equal((await allPages(reader, {})).length, 1)
    t.equal(await reader.statements.consistentThrough(), last)
    t.ok(performance.now() - start < 5000)
    // It still waits for the one that died.
    await leaseOf(db).updateOne({ _id: 'lease' }, { $set: { holder: null }, $inc: { version: 1 } })
    await other.close()
  })

  t.test('a collection without our lease is adopted as it is: nothing in it is lost', async (t) => {
    const { options, db } = await aDatabase(t, url)
    const first = server(t, options)
    const statements = [aStatement(), aStatement(), aStatement()]
    await (await first.store()).statements.insert(aBatch(...statements))
    await first.close()
    await leaseOf(db).drop()
    const store = await server(t, options).store()
    t.equal((await allPages(store, {})).length, 3)
    await store.statements.insert(aBatch(aStatement()))
    t.equal((await allPages(store, {})).length, 4)
  })

  t.test('what Ralph has written is found by all that it says, and its documents stay as they are', async (t) => {
    const { options, db } = await aDatabase(t, url)
    const target = aStatement({ actor: ann })
    const voided = aStatement({ actor: ben })
    const all = [described('one'), target, aStatement({ object: refTo(target) }), voided, aVoiding(voided)]
    const documents = all.map((each, index) =>
      ralphDocument(each, index === 0 ? { stored: '2025-01-01T00:00:00.000001+00:00' } : {})
    )
    await db.collection(collection).insertMany(documents)
    const [one, two] = await Promise.all([server(t, options).store(), server(t, options).store()])
    for (const store of [one, two]) {
      t.equal((await allPages(store, {})).length, 4)
      t.equal((await allPages(store, { agent: ann })).length, 3)
      t.ok(await store.statements.find(voided.id, { voided: true }))
      t.same((await seen(store, [])).course, { name: { one: 'one' } })
    }
    const [oldest] = await allPages(one, { ascending: true })
    t.equal(oldest?.id, all[0]?.id, 'stored is theirs')
    t.equal(oldest?.stored, Date.parse('2025-01-01') * 1000 + 1)
    const [newest] = await allPages(one, {})
    t.equal(newest?.stored, Date.parse(target.timestamp ?? '') * 1000, 'or it is the timestamp')
    t.match(JSON.parse(newest?.text ?? ''), { stored: '2026-11-21T08:00:00.000000Z' })
    const after = await db.collection(collection).find().sort({ _id: 1 }).toArray()
    t.same(
      after.map(({ _id, _source }) => ({ _id: String(_id), _source })),
      documents.map(({ _id, _source }) => ({ _id: String(_id), _source })).sort((a, b) => (a._id < b._id ? -1 : 1))
    )
    t.same(await one.statements.insert(aBatch(target)), { inserted: [], already: [target.id] })
    await two.statements.insert(aBatch(aStatement()))
  })

  t.test('documents that are not statements are marked and left alone', async (t) => {
    const { options, db } = await aDatabase(t, url)
    const good = aStatement()
    const number = Long.fromString('9007199254740993')
    const odd = aStatement({ object: { id: course, definition: { name: 'no language map' } } as never })
    const sources: object[] = [
      { ...good, result: { extensions: { 'https://x.example.org/': number } } },
      { ...good, timestamp: '2026-11-21T09:00:00Z' },
      odd,
      { id: 'x', actor: {}, verb: { id: 'v' }, object: {}, context: { contextAgents: 7 } },
      { id: 'a view of somebody' }
    ]
    await db.collection(collection).insertMany(sources.map((_source) => ({ _source })))
    await db.collection(collection).insertOne({ anything: 'else' })
    const warnings: string[] = []
    for (let opening = 0; opening < 2; opening += 1) {
      const store = await server(t, options).store()
      t.same((await allPages(store, {})).map(({ id }) => id).sort(), [good.id, odd.id].sort())
    }
    const refused = await db
      .collection(collection)
      .find({ 'ralph.refused': { $exists: true } })
      .toArray()
    t.equal(refused.length, 3, warnings.join())
    t.equal(await db.collection(collection).countDocuments({ anything: 'else', ralph: { $exists: false } }), 1)
  })

  t.test('what Ralph writes meanwhile is taken in when it is met, and judged as any other', async (t) => {
    const { options, db } = await aDatabase(t, url)
    const store = await server(t, options).store()
    const [same, other] = [aStatement(), aStatement()]
    await store.statements.insert(aBatch(aStatement()))
    await db.collection(collection).insertMany([ralphDocument(same), ralphDocument(other)])
    t.same(await store.statements.insert(aBatch(same)), { inserted: [], already: [same.id] })
    const different = { ...other, verb: aVerb('another') }
    await t.rejects(store.statements.insert(aBatch(different)), { code: 'STATEMENT_CONFLICT' })
    t.equal((await allPages(store, {})).length, 3)
  })

  t.test('Ralph finds a statement where it would have written it, and of what BSON cannot hold the text', async (t) => {
    const { options, db } = await aDatabase(t, url)
    const store = await server(t, options).store()
    const parse = (text: string) => JSON.parse(text)
    const deep = `${'{"a":['.repeat(200)}1${']}'.repeat(200)}`
    const extensions = parse(
      `{"https://deep/":${deep},"https://nul/":{"a\\u0000b":1},"https://bson/":{"_bsontype":"ObjectId"},"https://ref/":{"$ref":"a","$id":1},"https://a.b/$c":{"$set":{"":2}}}`
    )
    const large = aStatement({ result: { response: 'x'.repeat(20_000_000) } })
    const statement = aStatement({ context: { extensions } })
    await store.statements.insert(aBatch(statement, large))
    for (const each of [statement, large]) {
      const found = await findAny(store, each.id)
      const { stored, ...rest } = parse(found?.text ?? '{}')
      t.ok(JSON.stringify(rest) === JSON.stringify(each), 'our readers get all of it')
      const expected = ralphDocument(each)
      const document = await db.collection(collection).findOne({ 'ralph.id': each.id })
      t.equal(String(document?._id), String(expected._id))
      t.match(document?._source, { id: each.id, stored, timestamp: each.timestamp, actor: each.actor })
    }
    const document = await db.collection(collection).findOne({ 'ralph.id': statement.id })
    const kept = document?._source.context.extensions
    t.same(kept['https://nul/'], '{"a\\u0000b":1}')
    t.same(kept['https://bson/'], '{"_bsontype":"ObjectId"}')
    t.same(kept['https://a.b/$c'], { $set: { '': 2 } })
    let levels = 4
    for (let value = kept['https://deep/']; typeof value === 'object'; value = value.a ?? value[0]) levels += 1
    t.equal(levels, 100)
  })

  t.test(
    'a statement with more terms than a document can hold is refused, and no other one in its batch',
    async (t) => {
      const { options } = await aDatabase(t, url)
      const store = await server(t, options).store()
      const member = Array.from({ length: 250_000 }, (_, index) => ({ mbox: `mailto:${index}@example.org` }))
      const crowd = aStatement({ actor: { objectType: 'Group', member } })
      const [refused, ...stored] = await Promise.allSettled(
        [crowd, aStatement(), aStatement()].map((each) => store.statements.insert(aBatch(each)))
      )
      t.match(refused, { status: 'rejected', reason: { code: 'BODY_TOO_LARGE', details: { statementId: crowd.id } } })
      t.ok(stored.every(({ status }) => status === 'fulfilled'))
      t.equal((await allPages(store, {})).length, 2)
    }
  )
}
