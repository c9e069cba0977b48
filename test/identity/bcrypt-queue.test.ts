import t from 'tap'
import { createBcryptQueue } from '../../src/identity/bcrypt-queue.ts'

const jane = { source: '192.0.2.1', username: 'jane' }

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
  const inTurn = createBcryptQueue({ atOnce: 2, waiting: 10 })
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
  const inTurn = createBcryptQueue({ atOnce: 1, waiting: 1 })
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
  const inTurn = createBcryptQueue({ atOnce: 1, waiting: 1 })
  await t.rejects(inTurn(jane, () => Promise.reject(new Error('broken'))))
  t.equal(await inTurn(jane, async () => 'next'), 'next')
})
