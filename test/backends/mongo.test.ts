import { randomUUID } from 'node:crypto'
import { MongoClient } from 'mongodb'
import t from 'tap'
import { openMongo } from '../../src/backends/mongo/lrs.ts'
import { attachmentStoreContract } from '../contracts/attachment-store.ts'
import { documentStoreContract } from '../contracts/document-store.ts'
import { contextOf, type OpenBackend } from '../contracts/open-backend.ts'
import { propertyContract } from '../contracts/property.ts'
import { statementStoreContract } from '../contracts/statement-store.ts'
import { storeCopyContract } from '../contracts/store-copy.ts'
import { storeRewritingContract } from '../contracts/store-rewriting.ts'
import { engineFor } from '../support/engines/engine-for.ts'

const engine = await engineFor('mongo')
if ('missing' in engine) t.test('mongo', { skip: engine.missing }, async () => {})
else {
  const client = new MongoClient(engine.url)
  t.teardown(async () => {
    await client.close()
    await engine.stop()
  })

  const open: OpenBackend = async (t, clock) => {
    const database = `ralph_${randomUUID()}`
    const context = contextOf(t, clock, t.testdir())
    const options = { connectionUri: engine.url, database, collection: 'marsha', writeDelay: 0 }
    let backend = openMongo(options, context)
    t.teardown(async () => {
      await backend.close()
      await client.db(database).dropDatabase()
    })
    return {
      backend,
      reopen: async () => {
        await backend.close()
        backend = openMongo(options, context)
        return backend
      }
    }
  }

  statementStoreContract(t, 'mongo', open)
  documentStoreContract(t, 'mongo', open)
  attachmentStoreContract(t, 'mongo', open)
  storeCopyContract(t, 'mongo', open)
  storeRewritingContract(t, 'mongo', open)
  propertyContract(t, 'mongo', open, { runs: 25 })
}
