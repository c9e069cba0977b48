import { setImmediate, setTimeout } from 'node:timers/promises'
import t from 'tap'
import { createAnswers } from '../../src/storage/answered-within.ts'

const refusal = {
  name: 'RalphError',
  code: 'STORE_UNAVAILABLE',
  message: 'The engine does not answer in time',
  details: { retryAfter: 1, setting: 'TIMEOUT' }
}

/** Milliseconds. */
const timeout = 50

t.test('a call is given up when nothing was heard, and is told so', async (t) => {
  const answers = createAnswers('The engine', timeout)
  let signal: AbortSignal | undefined
  const call = answers.within((options) => {
    signal = options.signal
    return new Promise(() => {})
  })
  await t.rejects(call, refusal)
  t.match(signal?.reason, refusal)
})

t.test('a call goes on as long as the engine answers any other call', async (t) => {
  const answers = createAnswers('The engine', timeout)
  const beat = setInterval(answers.heard, 5)
  t.teardown(() => clearInterval(beat))
  t.equal(await answers.within(() => setTimeout(4 * timeout, 'done')), 'done')
})

t.test('no call is given up while something has a longer time limit', async (t) => {
  const answers = createAnswers('The engine', timeout)
  const [patient, call] = await Promise.all([
    answers.patiently(() => setTimeout(3 * timeout, 'prepared')),
    answers.within(() => setTimeout(3 * timeout, 'done'))
  ])
  t.same([patient, call], ['prepared', 'done'])
  await t.rejects(
    answers.within(() => new Promise(() => {})),
    refusal
  )
})

t.test('an answer that came while the process was held up is read first', async (t) => {
  const answers = createAnswers('The engine', timeout)
  const call = answers.within(() => setImmediate('done'))
  const end = performance.now() + 2 * timeout
  while (performance.now() < end);
  t.equal(await call, 'done')
})

t.test('the reason of who hung up is kept', async (t) => {
  const hungUp = new AbortController()
  const call = createAnswers('The engine', 60_000).within(({ signal }) => setTimeout(60_000, undefined, { signal }), {
    signal: hungUp.signal
  })
  hungUp.abort(new Error('hung up'))
  await t.rejects(call, { name: 'AbortError', cause: { message: 'hung up' } })
})
