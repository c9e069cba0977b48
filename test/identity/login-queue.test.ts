import t from 'tap'
import { createLoginQueue } from '../../src/identity/login-queue.ts'

const jane = { source: '192.0.2.1', username: 'jane', known: true }

/** Something to run that ends when it is told to. */
const aTask = (onStart: () => void) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return {
    run: () => {
      onStart()
      return promise
    },
    end: resolve
  }
}

t.test('no more run at once than allowed, the next starts when one ends, in order', async (t) => {
  const inTurn = createLoginQueue({ atOnce: 2, waiting: 10 })
  const started: number[] = []
  const tasks = Array.from({ length: 5 }, (_, index) => aTask(() => started.push(index)))
  const done = tasks.map(({ run }) => inTurn(jane, run))
  await Promise.resolve()
  t.strictSame(started, [0, 1])
  tasks[1]?.end()
  await done[1]
  // One that comes in just now does not overtake those that wait.
  const late = aTask(() => started.push(5))
  const lateDone = inTurn(jane, late.run)
  await Promise.resolve()
  t.strictSame(started, [0, 1, 2])
  for (const { end } of [...tasks, late]) end()
  await Promise.all([...done, lateDone])
  t.strictSame(started, [0, 1, 2, 3, 4, 5])
})

t.test('one too many is refused at once, and there is room again when one has ended', async (t) => {
  const inTurn = createLoginQueue({ atOnce: 1, waiting: 1 })
  const first = aTask(() => {})
  const running = inTurn(jane, first.run)
  const waiting = inTurn(jane, async () => 'waited')
  await t.rejects(
    inTurn(jane, async () => {}),
    { code: 'OVERLOADED', details: { retryAfter: 1 } }
  )
  first.end()
  await running
  t.equal(await waiting, 'waited')
  t.equal(await inTurn(jane, async () => 'room'), 'room')
})

t.test('one that fails frees its place', async (t) => {
  const inTurn = createLoginQueue({ atOnce: 1, waiting: 1 })
  await t.rejects(inTurn(jane, () => Promise.reject(new Error('broken'))))
  t.equal(await inTurn(jane, async () => 'next'), 'next')
})

/** Names in the order in which they are served while one runs at a time; those refused are not among them. */
const served = async (
  waiting: number,
  claims: readonly (readonly [source: string, username: string, known: boolean])[]
) => {
  const inTurn = createLoginQueue({ atOnce: 1, waiting })
  const first = aTask(() => {})
  const running = inTurn({ source: 'elsewhere', username: 'first', known: true }, first.run)
  const names: string[] = []
  const done = claims.map(([source, username, known]) =>
    inTurn({ source, username, known }, async () => {
      names.push(username)
    }).catch(() => {})
  )
  first.end()
  await Promise.all([running, ...done])
  return names
}

const invented = (count: number) =>
  Array.from({ length: count }, (_, index) => ['school', `no ${index}`, false] as const)
const users = (count: number) => Array.from({ length: count }, (_, index) => ['school', `user ${index}`, true] as const)

t.test(
  'field F11: ever new names push out no user of the same source, nor make one wait for more than one of them',
  async (t) => {
    t.strictSame(await served(4, [...invented(100), ...users(2), ...invented(100)]), [
      'no 0',
      'user 0',
      'no 1',
      'user 1'
    ])
    t.strictSame(await served(4, [...users(4), ...invented(100)]), ['user 0', 'user 1', 'user 2', 'user 3'])
  }
)

t.test('field F11: whoever waits is served before those who come later and take no less', async (t) => {
  t.strictSame(await served(3, invented(10)), ['no 0', 'no 1', 'no 2'])
  t.strictSame(await served(3, users(10)), ['user 0', 'user 1', 'user 2'])
})

t.test('field F11: a user has a place while there are invented names of any source', async (t) => {
  const everywhere = Array.from({ length: 20 }, (_, index) => [`192.0.2.${index}`, `no ${index}`, false] as const)
  t.ok((await served(4, [...everywhere, ...users(1)])).includes('user 0'))
})
