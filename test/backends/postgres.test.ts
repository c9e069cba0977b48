import t from 'tap'
import { openPostgres, type PostgresOptions } from '../../src/backends/postgres/lrs.ts'
import { attachmentStoreContract } from '../contracts/attachment-store.ts'
import { documentStoreContract } from '../contracts/document-store.ts'
import { contextOf, type OpenBackend } from '../contracts/open-backend.ts'
import { propertyContract } from '../contracts/property.ts'
import { statementStoreContract } from '../contracts/statement-store.ts'
import { storeCopyContract } from '../contracts/store-copy.ts'
import { storeRewritingContract } from '../contracts/store-rewriting.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { aSchema } from '../support/postgres.ts'

const engine = await engineFor('postgres')

if ('missing' in engine) t.test('postgres', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())

  const opener =
    (also: PostgresOptions): OpenBackend =>
    async (t, clock) => {
      const context = contextOf(t, clock, t.testdirName)
      const options = { connectionUri: engine.url, schema: aSchema(t, engine.url), ...also }
      let backend = await openPostgres(options, context)
      t.teardown(() => backend.close())
      return {
        backend,
        reopen: async () => {
          await backend.close()
          backend = await openPostgres(options, context)
          return backend
        }
      }
    }

  const open = opener({})
  statementStoreContract(t, 'postgres', open)
  documentStoreContract(t, 'postgres', open)
  attachmentStoreContract(t, 'postgres', open)
  storeCopyContract(t, 'postgres', open)
  storeRewritingContract(t, 'postgres', open)
  propertyContract(t, 'postgres', open, { runs: 40 })
  // Lists are long with a few thousand statements: here they are from the first on.
  propertyContract(t, 'postgres, lists side by side', opener({ longList: 0 }), { runs: 30 })
}
