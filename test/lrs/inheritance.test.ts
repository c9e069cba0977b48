import t from 'tap'
import { boundInheritance } from '../../src/lrs/store-statements/inheritance.ts'

t.test('what is refused leaves room for what was taken before it, also when that is stored again', async (t) => {
  const share = boundInheritance(100)
  const [first, second, third] = [share(), share(), share()]
  first.begin()
  first.take(60)
  second.begin()
  t.throws(() => second.take(60), { code: 'INVALID_STATEMENT' })
  // The transaction of both was rolled back: each is stored by itself.
  first.begin()
  t.doesNotThrow(() => first.take(60))
  second.begin()
  t.throws(() => second.take(60), { code: 'INVALID_STATEMENT' })
  third.begin()
  t.doesNotThrow(() => third.take(40))
})
