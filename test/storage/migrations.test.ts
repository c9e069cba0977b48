import t from 'tap'
import { missingMigrations } from '../../src/storage/migrations.ts'

t.test('a database goes through the steps that it lacks, in order', async (t) => {
  const steps = ['one', 'two', 'three']
  t.same(missingMigrations(steps, 1, { name: 'it' }), [
    { version: 2, up: 'two' },
    { version: 3, up: 'three' }
  ])
  t.same(missingMigrations(steps, 3, { name: 'it' }), [])
})

t.test('a database that has gone through more than is known is left alone', async (t) => {
  t.throws(() => missingMigrations(['one'], 2, { name: 'the file x', details: { path: 'x' } }), {
    code: 'STORE_CORRUPT',
    message: 'the file x was written by a newer version of Ralph (step 2, this one knows 1): upgrade Ralph',
    details: { path: 'x', version: 2 }
  })
})
