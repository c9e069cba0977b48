import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { basic, startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'

const levels = { warn: 40, error: 50 }

t.test('a flood of wrong passwords is a line of the log, without a stack, and a count of the others', async (t) => {
  const allRefused = Promise.withResolvers<void>()
  const lrs = await startLrs(t, {
    authentication: {
      queue: { atOnce: 1, waiting: 1 },
      compare: () => allRefused.promise.then(() => false)
    }
  })
  let refused = 0
  const flood = ['a', 'b', 'c', 'd', 'e'].map(async (password) => {
    // A user's own wrong password takes a place among the invented names as well.
    const headers = { authorization: basic('invented', password) }
    const { status } = await lrs.as('janedoe').send('GET', '/xAPI/statements', { headers })
    if (status === 503) refused += 1
    if (refused === 3) allRefused.resolve()
    return status
  })
  t.same((await Promise.all(flood)).toSorted(), [401, 401, 503, 503, 503])
  await lrs.restart()
  const [first, more, ...others] = lrs.log.map((line) => JSON.parse(line))
  t.match(first, { level: levels.warn, code: 'OVERLOADED', msg: /Too many passwords/, reqId: /\w/ })
  t.match(more, { level: levels.warn, code: 'OVERLOADED', count: 2, msg: '2 more requests ended as OVERLOADED' })
  t.same(others, [])
  t.notMatch(lrs.log.join(''), /stack|\.ts:\d/)
})

t.test('damage is logged as an error, with what led to it', async (t) => {
  const directory = t.testdir()
  const lrs = await startLrs(t, { backend: 'sqlite', directory })
  await lrs.as('elsewhere').store(sent())
  await lrs.restart()
  const file = join(directory, 'ralph-elsewhere.db')
  writeFileSync(file, readFileSync(file).fill(0xa5))
  // The answer is 500, which the client of these tests takes for a defect of any other request.
  const answer = await fetch(`http://127.0.0.1:${lrs.port}/xAPI/statements`, {
    headers: { authorization: basic('elsewhere'), 'x-experience-api-version': '1.0.3' }
  })
  t.equal(answer.status, 500)
  const { error, requestId } = (await answer.json()) as { error: string; requestId: string }
  t.equal(error, 'STORE_CORRUPT')
  const lines = lrs.log.map((line) => JSON.parse(line))
  t.equal(lines.length, 1)
  t.match(lines[0], { level: levels.error, reqId: requestId, err: { code: 'STORE_CORRUPT', stack: /translate/ } })
  t.ok(jsonOf(await lrs.as('janedoe').get()), 'the others have their store')
})
