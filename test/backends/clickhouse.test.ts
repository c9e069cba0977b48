import t from 'tap'
import { openClickhouse } from '../../src/backends/clickhouse/lrs.ts'
import { attachmentStoreContract } from '../contracts/attachment-store.ts'
import { documentStoreContract } from '../contracts/document-store.ts'
import { contextOf, type OpenBackend } from '../contracts/open-backend.ts'
import { propertyContract } from '../contracts/property.ts'
import { statementStoreContract } from '../contracts/statement-store.ts'
import { storeCopyContract } from '../contracts/store-copy.ts'
import { storeRewritingContract } from '../contracts/store-rewriting.ts'
import { aDatabase } from '../support/clickhouse.ts'
import { engineFor } from '../support/engines/engine-for.ts'

const engine = await engineFor('clickhouse')

if ('missing' in engine) t.plan(0, engine.missing)
else {
  t.teardown(() => engine.stop())

  const open: OpenBackend = async (t, clock) => {
    const options = await aDatabase(t, engine.url)
    const context = contextOf(t, clock, '')
    let backend = await openClickhouse(options, context)
    t.teardown(() => backend.close())
    return {
      backend,
      reopen: async () => {
        await backend.close()
        backend = await openClickhouse(options, context)
        return backend
      }
    }
  }

  statementStoreContract(t, 'clickhouse', open)
  documentStoreContract(t, 'clickhouse', open)
  attachmentStoreContract(t, 'clickhouse', open)
  storeCopyContract(t, 'clickhouse', open)
  storeRewritingContract(t, 'clickhouse', open)
  propertyContract(t, 'clickhouse', open, { runs: 10 })
}
