import t from 'tap'
import { openMemory } from '../../src/backends/memory/lrs.ts'
import { attachmentStoreContract } from '../contracts/attachment-store.ts'
import { documentStoreContract } from '../contracts/document-store.ts'
import { contextOf, type OpenBackend } from '../contracts/open-backend.ts'
import { propertyContract } from '../contracts/property.ts'
import { statementStoreContract } from '../contracts/statement-store.ts'
import { storeCopyContract } from '../contracts/store-copy.ts'
import { storeRewritingContract } from '../contracts/store-rewriting.ts'
import { aClock } from '../support/clock.ts'

const open: OpenBackend = async (t, clock) => {
  const backend = openMemory({}, contextOf(t, clock, '/nowhere'))
  t.teardown(() => backend.close())
  return { backend }
}

statementStoreContract(t, 'memory', open)
documentStoreContract(t, 'memory', open)
attachmentStoreContract(t, 'memory', open)
storeCopyContract(t, 'memory', open)
storeRewritingContract(t, 'memory', open)
propertyContract(t, 'memory', open)

t.test('the memory backend warns that it keeps nothing', async (t) => {
  const warnings: string[] = []
  const context = { clock: aClock().now, appDir: '/nowhere', warn: (message: string) => warnings.push(message) }
  await openMemory({}, context).close()
  t.match(warnings, [/keeps nothing/])
})
