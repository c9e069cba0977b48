import t from 'tap'
import { openSqlite } from '../../src/backends/sqlite/index.ts'
import { contextOf, type OpenBackend } from '../contracts/open-backend.ts'
import { statementStoreContract } from '../contracts/statement-store.ts'

const open: OpenBackend = async (t, clock) => {
  const context = contextOf(t, clock, t.testdir())
  let backend = openSqlite({}, context)
  t.teardown(() => backend.close())
  return {
    backend,
    reopen: async () => {
      await backend.close()
      backend = openSqlite({}, context)
      return backend
    }
  }
}

statementStoreContract(t, 'sqlite', open)
