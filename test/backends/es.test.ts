import t from 'tap'
import { statementStoreContract } from '../contracts/statement-store.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { esOpener } from '../support/es.ts'

const engine = await engineFor('es')
if ('missing' in engine) t.test('es', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  statementStoreContract(t, 'es', esOpener(engine.url))
}
