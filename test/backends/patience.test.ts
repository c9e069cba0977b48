import t from 'tap'
import { type ErrorCode, RalphError } from '../../src/errors.ts'
import { createPatience } from '../../src/network/patience.ts'

const plan = { attempts: 3, firstPause: 1, longestPause: 2 }

const away = (retryAfter?: number): RalphError =>
  new RalphError('STORE_UNAVAILABLE', 'away', retryAfter === undefined ? {} : { retryAfter })

/** Work that fails so many times, and counts. */
const failing = (times: number, error: () => Error) => {
  const work = async (): Promise<string> => {
    work.attempts += 1
    if (work.attempts <= times) throw error()
    return 'done'
  }
  work.attempts = 0
  return work
}

t.test('a place that has answered is asked again until it answers, or for as often as is planned', async (t) => {
  const patience = createPatience(plan)
  await patience.run(async () => {})
  const passing = failing(2, () => away(1))
  t.equal(await patience.run(passing), 'done')
  t.equal(passing.attempts, 3)
  const lasting = failing(9, () => away(1))
  await t.rejects(patience.run(lasting), { message: 'away' })
  t.equal(lasting.attempts, 3)
})

t.test('a place that never answered is asked once', async (t) => {
  const work = failing(1, () => away(1))
  await t.rejects(createPatience(plan).run(work), { message: 'away' })
  t.equal(work.attempts, 1)
})

t.test('what will not pass is not tried again', async (t) => {
  const patience = createPatience(plan)
  await patience.run(async () => {})
  const errors: (() => Error)[] = [
    () => away(),
    () => new Error('a defect'),
    ...(['NOT_FOUND', 'STORE_FULL', 'UNAUTHENTICATED'] satisfies ErrorCode[]).map(
      (code) => () => new RalphError(code, code, { retryAfter: 1 })
    )
  ]
  for (const error of errors) {
    const work = failing(1, error)
    await t.rejects(patience.run(work), { message: error().message })
    t.equal(work.attempts, 1)
  }
})

t.test('who is stopped while waiting waits no longer', async (t) => {
  const patience = createPatience({ ...plan, firstPause: 3_600_000, longestPause: 3_600_000 })
  await patience.run(async () => {})
  const stop = new AbortController()
  const running = patience.run(
    failing(1, () => away(1)),
    stop.signal
  )
  setImmediate(() => stop.abort(new Error('enough')))
  await t.rejects(running, { message: 'enough' })
})
