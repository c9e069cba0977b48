import t, { type Test } from 'tap'
import { engineFor } from '../support/engines/engine-for.ts'
import { aSchema } from '../support/postgres.ts'
import { type PlaceSettings, testRecordsOf } from '../support/records-place.ts'

const engine = await engineFor('postgres')
if ('missing' in engine) t.test('postgres', { skip: engine.missing }, async () => {})
else {
  const { url } = engine
  t.teardown(() => engine.stop())

  const aPlace = (t: Test): PlaceSettings => ({ CONNECTION_URI: url, DEFAULT_SCHEMA: aSchema(t, url) })

  testRecordsOf(t, 'postgres', aPlace)
}
