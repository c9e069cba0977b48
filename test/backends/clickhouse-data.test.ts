import t, { type Test } from 'tap'
import { aDatabase } from '../support/clickhouse.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { type PlaceSettings, testRecordsOf } from '../support/records-place.ts'

const engine = await engineFor('clickhouse')
if ('missing' in engine) t.test('clickhouse', { skip: engine.missing }, async () => {})
else {
  const { url } = engine
  t.teardown(() => engine.stop())

  const aPlace = async (t: Test): Promise<PlaceSettings> => {
    const { host, port, database } = await aDatabase(t, url)
    return { HOST: host, PORT: String(port), DATABASE: database }
  }

  testRecordsOf(t, 'clickhouse', aPlace)
}
