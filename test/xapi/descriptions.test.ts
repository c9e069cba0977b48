import t from 'tap'
import { createMetadataIndex } from '../../src/xapi/descriptions.ts'
import { aStatement, withMbox } from '../support/statements.ts'

t.test('an Agent of many names takes no longer than many Agents of one', async (t) => {
  const many = Array.from({ length: 50_000 }, (_, number) => `name ${number}`)
  const learn = (mboxOf: (name: string) => string) => {
    const statements = many.map((name) => aStatement({ actor: { ...withMbox(mboxOf(name)), name } }))
    const learned = createMetadataIndex()
    const begin = performance.now()
    for (const statement of statements) learned.add(statement)
    return { learned, took: performance.now() - begin }
  }
  const apart = learn((name) => name.replace(' ', '-'))
  const together = learn(() => 'ann')
  t.ok(together.took < 5 * apart.took, `${together.took} ms and ${apart.took} ms`)
  t.same(together.learned.names(withMbox('ann').mbox ?? ''), many, 'oldest first')
})
