import t from 'tap'
import { openSqlite, type SqliteOptions } from '../../src/backends/sqlite/lrs.ts'
import { attachmentStoreContract } from '../contracts/attachment-store.ts'
import { documentStoreContract } from '../contracts/document-store.ts'
import { contextOf, type OpenBackend } from '../contracts/open-backend.ts'
import { propertyContract } from '../contracts/property.ts'
import { statementStoreContract } from '../contracts/statement-store.ts'
import { storeCopyContract } from '../contracts/store-copy.ts'
import { storeRewritingContract } from '../contracts/store-rewriting.ts'

const opener =
  (options: SqliteOptions): OpenBackend =>
  async (t, clock) => {
    const context = contextOf(t, clock, t.testdir())
    let backend = openSqlite(options, context)
    t.teardown(() => backend.close())
    return {
      backend,
      reopen: async () => {
        await backend.close()
        backend = openSqlite(options, context)
        return backend
      }
    }
  }

// Statements are found in another way when they are new than when they are old: all must hold for both, and for stores
// in which some are one and some the other.
const ways: Readonly<Record<string, SqliteOptions>> = {
  'sqlite, indexed in memory': {},
  'sqlite, indexed in tables': { maxInMemory: 0 },
  'sqlite, indexed in both': { maxInMemory: 3 }
}

for (const [name, options] of Object.entries(ways)) propertyContract(t, name, opener(options), { runs: 60 })
statementStoreContract(t, 'sqlite', opener({ maxInMemory: 3 }))
documentStoreContract(t, 'sqlite', opener({}))
attachmentStoreContract(t, 'sqlite', opener({}))
for (const [name, options] of Object.entries(ways)) storeCopyContract(t, name, opener(options))
for (const [name, options] of Object.entries(ways)) storeRewritingContract(t, name, opener(options))
