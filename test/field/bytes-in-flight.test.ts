import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createBudget } from '../../src/http/budget.ts'
import { jsonOf } from '../support/answer.ts'
import { basic, type Lrs, startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'

const mebibyte = 2 ** 20
const setting = 'RALPH_RUNSERVER_MAX_BYTES_IN_FLIGHT'
const json = { 'content-type': 'application/json' }

const large = (bytes: number): string => {
  const text = JSON.stringify(sent({ result: { extensions: { 'https://example.org/e': '' } } }))
  return text.replace('"https://example.org/e":""', `"https://example.org/e":"${'x'.repeat(bytes)}"`)
}

const requestOf = (lrs: Lrs, username: string, start: string): string =>
  `${start} HTTP/1.1\r\nHost: 127.0.0.1:${lrs.port}\r\nAuthorization: ${basic(username)}\r\n`

/** Sends these bytes and then nothing, and reads nothing, until the test ends. */
const standStill = async (t: Test, lrs: Lrs, bytes: string): Promise<void> => {
  const socket = connect(lrs.port, '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  socket.pause()
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()))
  // What the system has taken, the server reads at once; a body that comes meanwhile could be served in its place.
  await wait(1000)
}

/** Until it holds, or five seconds are over. */
const eventually = async (holds: () => Promise<boolean>): Promise<boolean> => {
  for (const end = performance.now() + 5000; performance.now() < end; ) {
    if (await holds()) return true
    await wait(20)
  }
  return false
}

t.test('a budget gives back what a share held, and keeps its last quarter for small shares', async (t) => {
  const budget = createBudget({ limit: 4 * mebibyte, setting: 'X', what: 'bodies' })
  const first = budget.share()
  first.take(10 * mebibyte)
  t.equal(budget.held(), 10 * mebibyte, 'whatever its size: what is alone is served')
  t.throws(() => budget.share().take(1), { code: 'OVERLOADED', details: { setting: 'X', limit: 4 * mebibyte } })
  first.release()
  first.release()
  t.equal(budget.held(), 0)
  budget.share().take(2 * mebibyte)
  t.throws(() => budget.share().take(2 * mebibyte), { code: 'OVERLOADED' })
  budget.share().take(mebibyte)
  budget.share().take(mebibyte / 4)
  t.equal(budget.held(), 3.25 * mebibyte)
})

t.test('who asks for much waits for his turn, for a while, and who asks for little does not', async (t) => {
  const budget = createBudget({ limit: 4 * mebibyte, setting: 'X', what: 'bodies' })
  const [first, second, third, late] = [budget.share(), budget.share(), budget.share(), budget.share()]
  const order: string[] = []
  await first.reserve(2 * mebibyte, 0)
  const waits = [
    second.reserve(2.5 * mebibyte, 10_000).then(() => order.push('second')),
    third.reserve(mebibyte, 10_000).then(() => order.push('third'))
  ]
  await budget.share().reserve(1000, 0)
  await t.rejects(late.reserve(mebibyte, 10), { code: 'OVERLOADED', details: { setting: 'X' } })
  t.same(order, [], 'nobody passes one who waits longer, though there would be room')
  first.release()
  await waits[0]
  t.same(order, ['second'])
  second.release()
  await waits[1]
  const gone = budget.share()
  const waiting = gone.reserve(4 * mebibyte, 10_000)
  gone.release()
  await t.rejects(waiting, { code: 'MALFORMED_REQUEST' })
  third.release()
  t.equal(budget.held(), 1000)
})

t.test('large bodies that arrive at once, and do not fit in together, are all stored', async (t) => {
  const lrs = await startLrs(t, { settings: { maxBytesInFlight: 2 * mebibyte } })
  const asker = lrs.fresh()
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => asker.post(large(1.4 * mebibyte), { headers: json }))
  )
  t.same([...new Set(answers.map(({ status }) => status))], [200])
})

t.test('bodies that arrive slowly: large ones beyond the budget are 503, small ones are taken', async (t) => {
  const lrs = await startLrs(t, { settings: { maxBytesInFlight: 2 * mebibyte, waitForRoom: 1 } })
  const asker = lrs.fresh()
  const body = large(1.4 * mebibyte)
  const head = `${requestOf(lrs, asker.username, 'POST /xAPI/statements')}Content-Type: application/json\r\n`
  await standStill(t, lrs, `${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, -1)}`)
  let answer = await asker.post(large(0.9 * mebibyte), { headers: json })
  t.ok(
    await eventually(async () => {
      answer = await asker.post(large(0.9 * mebibyte), { headers: json })
      return answer.status === 503
    })
  )
  t.match(jsonOf(answer), { error: 'OVERLOADED', setting, limit: 2 * mebibyte })
  t.match(answer.headers.get('retry-after'), /^\d+$/)
  t.equal((await asker.post(sent())).status, 200, 'who asks for little is served')
})

t.test(
  'answers that are read slowly: large ones beyond the budget are 503, and are given when there is room',
  async (t) => {
    const lrs = await startLrs(t, { settings: { maxBytesInFlight: 24 * mebibyte } })
    const asker = lrs.fresh()
    const query = { activityId: 'https://example.org/a', agent: { mbox: 'mailto:a@example.org' }, stateId: 'large' }
    const path = '/xAPI/activities/state'
    const content = 'x'.repeat(16 * mebibyte)
    const type = { 'content-type': 'text/plain' }
    t.equal((await asker.send('PUT', path, { query, body: content, headers: type })).status, 204)
    const search = new URLSearchParams({ ...query, agent: JSON.stringify(query.agent) })
    const slow = connect(lrs.port, '127.0.0.1')
    slow.pause()
    slow.write(`${requestOf(lrs, asker.username, `GET ${path}?${search}`)}\r\n`)
    let answer = await asker.send('GET', path, { query })
    t.ok(
      await eventually(async () => {
        answer = await asker.send('GET', path, { query })
        return answer.status === 503
      })
    )
    t.match(jsonOf(answer), { error: 'OVERLOADED', setting })
    t.equal((await asker.list()).length, 0, 'who asks for little is answered')
    slow.destroy()
    t.ok(await eventually(async () => (await asker.send('GET', path, { query })).status === 200))
  }
)
