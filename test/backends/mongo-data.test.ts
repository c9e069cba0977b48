import t, { type Test } from 'tap'
import { engineFor } from '../support/engines/engine-for.ts'
import { aDatabase } from '../support/mongo.ts'
import { type PlaceSettings, testRecordsOf } from '../support/records-place.ts'

const engine = await engineFor('mongo')
if ('missing' in engine) t.test('mongo', { skip: engine.missing }, async () => {})
else {
  const { url } = engine
  t.teardown(() => engine.stop())

  const aPlace = async (t: Test): Promise<PlaceSettings> => {
    const { options } = await aDatabase(t, url)
    return { CONNECTION_URI: url, DEFAULT_DATABASE: options.database }
  }

  testRecordsOf(t, 'mongo', aPlace)
}
