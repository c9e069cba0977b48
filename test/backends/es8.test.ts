import t from 'tap'
import { statementStoreContract } from '../contracts/statement-store.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { esOpener } from '../support/es.ts'

const engine = await engineFor('es8')
if ('missing' in engine) t.test('es 8.19', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  statementStoreContract(t, 'es 8.19', esOpener(engine.url))
}
