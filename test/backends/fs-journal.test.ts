import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openFs } from '../../src/backends/fs/lrs.ts'
import { apartKey } from '../../src/xapi/authority.ts'
import { identifierKey } from '../../src/xapi/identifier.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aBatch, anActivity, aStatement, withAccount } from '../support/statements.ts'

const clock = (): number => Date.now() * 1000
const lms = identifierKey(withAccount('lms')) ?? ''
const megabytes = 2 ** 20

t.test('a journal that was written anew while the store was open still knows what statements teach', async (t) => {
  const directory = t.testdir()
  const context = contextOf(t, clock, directory)
  const naming = (name: string) => aBatch(aStatement({ object: anActivity(name, { name: { en: name } }) }))
  const first = openFs({ directory }, context)
  const { statements, documents } = await first.store()
  await statements.insert(naming('before'))
  await statements.insert({ ...naming('apart'), apart: true })
  await statements.insert({ ...naming('nothing'), define: false })
  const key = { kind: 'activity-profile', activity: anActivity('course').id, id: 'notes' } as const
  for (let time = 0; time < 12; time += 1) {
    const content = Buffer.alloc(3 * megabytes, time)
    await documents.change(key, () => ({ content, contentType: 'application/octet-stream' }))
  }
  t.ok(statSync(join(directory, '.lrs', 'journal')).size < 30 * megabytes, 'it was')
  await first.close()

  const again = openFs({ directory }, context)
  t.teardown(() => again.close())
  const store = await again.store()
  const known = async (...activities: string[]) =>
    [...(await store.statements.describe({ activities, verbs: [] })).definitions.values()].map(({ name }) => name?.en)
  const ids = ['before', 'apart', 'nothing'].map((name) => anActivity(name).id)
  t.same(await known(...ids), ['before', 'apart'])
  t.same(await known(...ids.map((id) => apartKey(lms, id))), ['apart'])
})
