import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { startAnswering } from '../support/answering.ts'
import { startForwarder } from '../support/forwarding.ts'
import { startLrs } from '../support/lrs.ts'
import { until } from '../support/postgres.ts'
import { aBatch, aStatement } from '../support/statements.ts'

t.test('who may do all sees forwardings, lists dead letters, sends them again and discards them', async (t) => {
  let isStrict = true
  const receiver = await startAnswering(t, () =>
    isStrict ? { status: 400, body: { message: 'not like this' } } : { body: [] }
  )
  const url = `${receiver.url}/xAPI/statements`
  const { store, running } = await startForwarder(t, { forwardings: [{ url, name: 'there' }] })
  const lrs = await startLrs(t, { forwardings: running })
  const client = lrs.as('janedoe')
  const statements = [aStatement(), aStatement(), aStatement()]
  await store.statements.insert(aBatch(...statements))
  await until(async () => (await running.status())[0]?.deadLetters === 3)
  t.match(jsonOf(await client.send('GET', '/forwardings')), {
    forwardings: [{ name: 'there', place: url, deadLetters: 3 }]
  })

  const first = jsonOf(await client.send('GET', '/forwardings/there/dead-letters?limit=2'))
  const second = jsonOf(await client.send('GET', first.more))
  const letters = [...first.deadLetters, ...second.deadLetters]
  t.strictSame(
    letters.map(({ id }) => id),
    statements.map(({ id }) => id).sort()
  )
  t.match(letters[0], { reason: '400: not like this', time: /Z$/ })
  t.equal(second.more, undefined)

  const refused = await client.send('POST', '/forwardings/there/replay', { body: { ids: [letters[0].id] } })
  t.match(jsonOf(refused), { delivered: 0, refused: [{ id: letters[0].id }] })
  const discarded = await client.send('POST', '/forwardings/there/discard', { body: { ids: [letters[1].id] } })
  t.strictSame(jsonOf(discarded), { discarded: 1 })
  isStrict = false
  t.strictSame(jsonOf(await client.send('POST', '/forwardings/there/replay')), { delivered: 2, refused: [] })
  t.match(await running.status(), [{ deadLetters: 0 }])

  t.equal((await client.send('GET', '/forwardings/nobody/dead-letters')).status, 404)
  t.equal((await client.send('GET', '/forwardings/there/dead-letters?after=x')).status, 400)
  t.equal((await client.send('POST', '/forwardings/there/discard')).status, 400)
  t.equal((await lrs.as('reader').send('GET', '/forwardings')).status, 403, 'whether scopes are enforced or not')
  t.equal((await client.send('GET', '/forwardings', { headers: { authorization: undefined } })).status, 401)
})
