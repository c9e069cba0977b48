import { Long } from 'mongodb'
import t from 'tap'
import { writeBatchContract } from '../contracts/write-batches.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { allPages, findAny } from '../support/judged-store.ts'
import { aDatabase, batchedMongo, collection, pythonDocument, server } from '../support/mongo.ts'
import { aBatch, anActivity, aStatement } from '../support/statements.ts'

const course = anActivity('course').id

const engine = await engineFor('mongo')

if ('missing' in engine) t.test('batches on MongoDB', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine

  writeBatchContract(t, (t) => batchedMongo(t, url))

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
      const expected = pythonDocument(each)
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
