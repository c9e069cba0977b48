import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { engineFor } from '../support/engines/engine-for.ts'
import { ask } from '../support/es.ts'
import { type PlaceSettings, testRecordsOf } from '../support/records-place.ts'

const engine = await engineFor('es')
if ('missing' in engine) t.test('es', { skip: engine.missing }, async () => {})
else {
  const { url } = engine
  t.teardown(() => engine.stop())

  /** An index that nobody has; it is gone when the test ends. */
  const anIndex = (t: Test): PlaceSettings & { readonly DEFAULT_INDEX: string } => {
    const index = `test-${randomUUID()}`
    t.teardown(() => ask(url, 'DELETE', index))
    return { HOSTS: url, DEFAULT_INDEX: index, ALLOW_YELLOW_STATUS: 'true' }
  }

  testRecordsOf(t, 'es', anIndex)
}
