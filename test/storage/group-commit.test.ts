import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { RalphError } from '../../src/errors.ts'
import { createGroupCommit, type GroupLimits, type Transactions } from '../../src/storage/batching/group-commit.ts'

/** A journal that knows what is durable, what is staged, and what was asked of it. */
const journal = (limits?: GroupLimits, commit: () => void | Promise<void> = () => {}) => {
  const durable: string[] = []
  const staged: string[] = []
  const calls: string[] = []
  const transactions: Transactions = {
    begin: () => {
      calls.push('begin')
    },
    rest: () => {
      calls.push('rest')
    },
    commit: async () => {
      calls.push('commit')
      await commit()
      durable.push(...staged.splice(0))
    },
    rollback: () => {
      calls.push('rollback')
      staged.length = 0
    }
  }
  return { durable, calls, group: createGroupCommit(transactions, limits), stage: (word: string) => staged.push(word) }
}

t.test('jobs of one turn share a commit, in order', async (t) => {
  const { durable, calls, group, stage } = journal()
  const results = await Promise.all(['a', 'b', 'c'].map((word) => group.run(() => stage(word))))
  t.same(results, [1, 2, 3])
  t.same(durable, ['a', 'b', 'c'])
  t.same(calls, ['begin', 'commit'])
})

t.test('nothing resolves before it is durable', async (t) => {
  const { durable, group, stage } = journal(undefined, () => setImmediate())
  await group.run(() => stage('a'))
  t.same(durable, ['a'])
})

t.test('jobs that arrive during a commit go into the next group', async (t) => {
  let finish = () => {}
  const { durable, calls, group, stage } = journal(undefined, () => new Promise((resolve) => (finish = resolve)))
  const first = group.run(() => stage('a'))
  while (!calls.includes('commit')) await setImmediate()
  const second = group.run(() => stage('b'))
  finish()
  await first
  t.same(durable, ['a'])
  while (calls.length < 4) await setImmediate()
  finish()
  await second
  t.same(durable, ['a', 'b'])
  t.same(calls, ['begin', 'commit', 'begin', 'commit'])
})

t.test('a job that fails half way rejects its caller alone and leaves nothing behind', async (t) => {
  const { durable, group, stage } = journal()
  const failing = group.run(() => {
    stage('half')
    throw new TypeError('broken')
  })
  const settled = await Promise.allSettled([group.run(() => stage('a')), failing, group.run(() => stage('b'))])
  t.same(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled']
  )
  await t.rejects(failing, new TypeError('broken'))
  t.same(durable, ['a', 'b'])
})

t.test('a refusal made before any change does not disturb the group', async (t) => {
  const { durable, calls, group, stage } = journal()
  const refused = group.run(
    () => {
      throw new RalphError('STATEMENT_CONFLICT', 'taken')
    },
    { refusesFirst: true }
  )
  const settled = await Promise.allSettled([group.run(() => stage('a')), refused])
  t.same(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected']
  )
  t.same(durable, ['a'])
  t.same(calls, ['begin', 'commit'])
})

t.test('a job that promised to refuse first but broke otherwise is rolled back', async (t) => {
  const { durable, group, stage } = journal()
  const failing = group.run(
    () => {
      stage('half')
      throw new TypeError('broken')
    },
    { refusesFirst: true }
  )
  await Promise.allSettled([failing, group.run(() => stage('a'))])
  t.same(durable, ['a'])
})

t.test('when the commit fails all callers are rejected, and the next group is tried afresh', async (t) => {
  let fails = true
  const { durable, calls, group, stage } = journal(undefined, () => {
    if (fails) throw new RalphError('STORE_FULL', 'full')
  })
  const settled = await Promise.allSettled(['a', 'b'].map((word) => group.run(() => stage(word))))
  t.match(settled, [
    { status: 'rejected', reason: { code: 'STORE_FULL' } },
    { status: 'rejected', reason: { code: 'STORE_FULL' } }
  ])
  t.same(calls, ['begin', 'commit', 'rollback'])
  fails = false
  await group.run(() => stage('c'))
  t.same(durable, ['c'])
})

t.test('when a transaction cannot begin its callers are rejected and later ones are not', async (t) => {
  let fails = true
  const group = createGroupCommit({
    begin: () => {
      if (fails) throw new RalphError('STORE_UNAVAILABLE', 'busy')
    },
    commit: () => {},
    rollback: () => {}
  })
  await t.rejects(
    group.run(() => 1),
    { code: 'STORE_UNAVAILABLE' }
  )
  fails = false
  t.equal(await group.run(() => 2), 2)
})

t.test('a group is bounded in jobs and in time, what is left follows in later turns', async (t) => {
  const few = journal({ jobs: 2, milliseconds: 1000 })
  await Promise.all(['a', 'b', 'c'].map((word) => few.group.run(() => few.stage(word))))
  t.same(few.calls, ['begin', 'commit', 'begin', 'commit'])
  t.same(few.durable, ['a', 'b', 'c'])

  const short = journal({ jobs: 100, milliseconds: 0 })
  await Promise.all(['a', 'b', 'c'].map((word) => short.group.run(() => short.stage(word))))
  t.equal(short.calls.filter((call) => call === 'commit').length, 3)
  t.same(short.durable, ['a', 'b', 'c'])
})

t.test('others have the event loop after a single step that took long', async (t) => {
  const takeSteps = async (steps: number, milliseconds: number): Promise<readonly string[]> => {
    const { calls, group } = journal({ jobs: 100, milliseconds })
    await group.runInSteps(function* () {
      for (let step = 0; step < steps; step += 1) yield
    })
    return calls.filter((call) => call === 'rest')
  }
  t.equal((await takeSteps(5, 0)).length, 5, 'each step is longer than a turn: each is followed by a rest')
  t.equal((await takeSteps(5, 60_000)).length, 0)
})

t.test('a job whose caller gave up before its turn is not run', async (t) => {
  const { durable, group, stage } = journal()
  const caller = new AbortController()
  const given = group.run(() => stage('a'), { signal: caller.signal })
  const kept = group.run(() => stage('b'), { signal: new AbortController().signal })
  caller.abort(new Error('hung up'))
  await t.rejects(given, new Error('hung up'))
  await kept
  t.same(durable, ['b'])
})

t.test('closing finishes what was accepted, then refuses, and may be repeated', async (t) => {
  const { durable, group, stage } = journal(undefined, () => setImmediate())
  const accepted = group.run(() => stage('a'))
  await Promise.all([group.close(), group.close()])
  t.same(durable, ['a'])
  await accepted
  await t.rejects(
    group.run(() => stage('b')),
    { code: 'STORE_UNAVAILABLE' }
  )
  await group.close()
})
