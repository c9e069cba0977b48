import t from 'tap'
import { openFs } from '../../src/backends/fs/lrs.ts'
import { attachmentStoreContract } from '../contracts/attachment-store.ts'
import { documentStoreContract } from '../contracts/document-store.ts'
import { followKilledContract } from '../contracts/follow-killed.ts'
import { killContract } from '../contracts/kill.ts'
import { contextOf, type OpenBackend } from '../contracts/open-backend.ts'
import { propertyContract } from '../contracts/property.ts'
import { statementStoreContract } from '../contracts/statement-store.ts'
import { storeCopyContract } from '../contracts/store-copy.ts'
import { storeRewritingContract } from '../contracts/store-rewriting.ts'

const open: OpenBackend = async (t, clock) => {
  const directory = t.testdir()
  const openAgain = () => openFs({ directory }, contextOf(t, clock, directory))
  let backend = openAgain()
  t.teardown(() => backend.close())
  return {
    backend,
    reopen: async () => {
      await backend.close()
      backend = openAgain()
      return backend
    }
  }
}

statementStoreContract(t, 'fs', open)
documentStoreContract(t, 'fs', open)
attachmentStoreContract(t, 'fs', open)
storeCopyContract(t, 'fs', open)
storeRewritingContract(t, 'fs', open)
propertyContract(t, 'fs', open, { runs: 100 })
killContract(t, 'fs')
followKilledContract(t, 'fs')
