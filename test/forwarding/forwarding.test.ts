import { createHmac } from 'node:crypto'
import t from 'tap'
import { lockKeyOf } from '../../src/forwarding/index.ts'
import { createDocumentLock } from '../../src/registry/document-lock.ts'
import { startAnswering } from '../support/answering.ts'
import { anEmptyBackend, startForwarder } from '../support/forwarding.ts'
import { startLrs } from '../support/lrs.ts'
import { password } from '../support/lrs-users.ts'
import { until } from '../support/postgres.ts'
import {
  aBatch,
  anActivity,
  anAttachment,
  aStatement,
  aVerb,
  aVoiding,
  incoming,
  incomingText
} from '../support/statements.ts'

const lrs = await startLrs(t, { backend: 'sqlite' })
const url = `http://127.0.0.1:${lrs.port}/xAPI/statements`

/** A forwarding to a store of the receiver that is empty. */
const toFresh = (more: object = {}) => {
  const there = lrs.fresh()
  return {
    there,
    forwarding: { url, name: 'there', basic_username: there.username, basic_password: password, ...more }
  }
}

t.test('what is stored goes on, in order, every digit as it was sent', async (t) => {
  const { there, forwarding } = toFresh()
  const { store, running } = await startForwarder(t, { forwardings: [forwarding] })
  const statements = [aStatement(), aStatement(), aStatement()]
  await store.statements.insert(aBatch(...statements))
  const exact = JSON.stringify(aStatement()).replace(
    /\}$/,
    ',"result":{"extensions":{"http://x.org/n":1.00000000000000000001}}}'
  )
  await store.statements.insert({ statements: [incomingText(exact)], attachments: [], define: true })
  await until(async () => (await there.list({ ascending: true })).length === 4)
  t.strictSame(
    (await there.list({ ascending: true })).slice(0, 3),
    statements.map(({ id }) => id)
  )
  const id = String(JSON.parse(exact).id)
  t.match(String((await there.get({ statementId: id })).body), /1\.00000000000000000001/)
  await until(async () => (await running.status())[0]?.oldestUndelivered === undefined)
  t.match(await running.status(), [{ name: 'there', state: 'ok', delivered: 4, deadLetters: 0, lag: 0 }])
  t.strictSame(running.health(), { state: 'ok' })
})

t.test('it goes on where it was, and `begin` says where the first time is', async (t) => {
  const backend = await anEmptyBackend(t)
  t.teardown(() => backend.close())
  const store = await backend.store(undefined)
  const [before, between, after] = [aStatement(), aStatement(), aStatement()]
  await store.statements.insert(aBatch(before))
  const first = toFresh({ name: 'first', begin: 'first' })
  const now = toFresh({ name: 'now' })
  const forwardings = [first.forwarding, now.forwarding]
  const one = await startForwarder(t, { forwardings, backend })
  await until(async () => (await first.there.list()).length === 1)
  await one.stop()
  await store.statements.insert(aBatch(between))
  const two = await startForwarder(t, { forwardings, backend })
  await store.statements.insert(aBatch(after))
  await until(async () => (await first.there.list()).length === 3)
  await until(async () => (await now.there.list()).length === 2)
  t.strictSame(await now.there.list({ ascending: true }), [between.id, after.id])
  t.match(await two.running.status(), [{ delivered: 2 }, { delivered: 2 }], 'nothing is sent again')
})

t.test('filter and target choose', async (t) => {
  const some = toFresh({
    name: 'some',
    filter: { verb: aVerb('done').id, activity: [anActivity('a').id, anActivity('b').id] }
  })
  const other = toFresh({ name: 'other', filter: { target: 'other' } })
  const { backend, store } = await startForwarder(t, { forwardings: [some.forwarding, other.forwarding] })
  const wanted = [
    aStatement({ verb: aVerb('done'), object: anActivity('a') }),
    aStatement({ verb: aVerb('done'), object: anActivity('b') })
  ]
  await store.statements.insert(
    aBatch(aStatement({ verb: aVerb('done') }), wanted[0] ?? aStatement(), aStatement({ object: anActivity('a') }))
  )
  await store.statements.insert(aBatch(wanted[1] ?? aStatement()))
  const elsewhere = aStatement()
  await (await backend.store('other')).statements.insert(aBatch(elsewhere))
  await until(async () => (await some.there.list()).length === 2 && (await other.there.list()).length === 1)
  t.strictSame(
    await some.there.list({ ascending: true }),
    wanted.map(({ id }) => id)
  )
  t.strictSame(await other.there.list(), [elsewhere.id])
})

t.test('attachments, voiding and statements of 2.0 arrive whole', async (t) => {
  const { there, forwarding } = toFresh()
  const { store } = await startForwarder(t, { forwardings: [forwarding] })
  const attachment = anAttachment(Buffer.from([0, 1, 2, 255, 13, 10, 45, 45]))
  const described = {
    usageType: 'http://example.org/usage',
    display: { en: 'x' },
    contentType: 'application/octet-stream',
    length: attachment.content.length,
    sha2: attachment.sha2
  }
  const withAttachment = aStatement({ attachments: [described] })
  const [plain, newer] = [
    aStatement(),
    aStatement({
      version: '2.0.0',
      context: { contextAgents: [{ objectType: 'contextAgent', agent: { mbox: 'mailto:a@example.org' } }] }
    })
  ]
  await store.statements.insert({
    statements: [plain, withAttachment, newer].map((each) => incoming(each)),
    attachments: [attachment],
    define: true
  })
  await store.statements.insert(aBatch(aVoiding(plain)))
  await until(async () => (await there.list()).length === 3)
  const answer = await there.get({ statementId: withAttachment.id, attachments: true })
  t.ok(answer.body.includes(Buffer.from(attachment.content)), 'the bytes are there')
  t.match(answer.headers.get('content-type'), /multipart\/mixed/)
  t.equal((await there.get({ voidedStatementId: plain.id })).status, 200)
  t.equal((await lrs.as(there.username, '2.0.0').get({ statementId: newer.id })).status, 200)
})

t.test(
  'a refused statement becomes a dead letter with its reason, the others arrive; it can be sent again',
  async (t) => {
    const { there, forwarding } = toFresh()
    const { store, running, log } = await startForwarder(t, { forwardings: [forwarding] })
    const good = Array.from({ length: 20 }, () => aStatement())
    const [conflict, equal] = [aStatement(), aStatement()]
    await there.store({ ...conflict, verb: aVerb('otherwise') }, equal)
    const bad = aStatement({ verb: { id: 'not an IRI' } })
    await store.statements.insert(
      aBatch(...good.slice(0, 7), conflict, ...good.slice(7, 12), bad, equal, ...good.slice(12))
    )
    await until(async () => (await there.list({ limit: 100 })).length === 22)
    await until(async () => (await running.status())[0]?.deadLetters === 2)
    const letters = await running.deadLetters('there', { limit: 10 })
    t.strictSame(
      letters.map(({ id }) => id),
      [conflict.id, bad.id].sort()
    )
    t.match(letters.find(({ id }) => id === conflict.id)?.reason, /^409: .*/)
    t.match(letters.find(({ id }) => id === bad.id)?.reason, /^400: .*IRI/)
    t.match(running.health(), { state: 'degraded', hint: 'there has statements that were refused' })
    t.match(log.join('\n'), /was refused and is a dead letter: 4/)
    t.match(
      await running.deadLetters('there', { limit: 1, after: letters[0] }),
      [{ id: letters[1]?.id }],
      'page by page'
    )

    const { signal } = new AbortController()
    const again = await running.replay('there', undefined, signal)
    t.match(again, { delivered: 0, refused: [{}, {}] }, 'what is still refused stays')
    t.equal(await running.discard('there', [bad.id, bad.id]), 1)
    t.strictSame(
      (await running.deadLetters('there', { limit: 10 })).map(({ id }) => id),
      [conflict.id]
    )
    await t.rejects(running.replay('nobody', undefined, signal), { code: 'NOT_FOUND' })
  }
)

t.test('headers and a signature of the body come along', async (t) => {
  const receiver = await startAnswering(t, () => ({ body: [] }))
  const forwarding = { url: `${receiver.url}/hook?key=k`, headers: { 'X-Tenant': 'a' }, hmac_secret: 'the key' }
  const { store } = await startForwarder(t, { forwardings: [forwarding] })
  await store.statements.insert(aBatch(aStatement()))
  await until(async () => receiver.received.length === 1)
  const [request] = receiver.received
  t.match(request, { method: 'POST', url: '/hook?key=k', headers: { 'x-tenant': 'a', 'user-agent': 'ralph/1.2.3' } })
  const expected = createHmac('sha256', 'the key')
    .update(request?.body ?? '')
    .digest('hex')
  t.equal(request?.headers['x-ralph-signature'], `sha256=${expected}`)
  t.equal(request?.headers['x-experience-api-version'], '1.0.3')
})

t.test(
  'two servers of one store share the work: nothing is sent twice, and one takes over from the other',
  async (t) => {
    const backend = await anEmptyBackend(t)
    t.teardown(() => backend.close())
    const receiver = await startAnswering(t, () => ({ body: [] }))
    const forwardings = [{ url: `${receiver.url}/`, name: 'shared', begin: 'first' }]
    const lockOf: Parameters<typeof startForwarder>[1]['lockOf'] = ({ documents }, name) =>
      createDocumentLock(documents, lockKeyOf(name), { ttl: 2000 })
    const servers = await Promise.all([1, 2].map(() => startForwarder(t, { forwardings, backend, lockOf })))
    const store = await backend.store(undefined)
    const sent = (): string[] =>
      receiver.received.flatMap(({ body }) => JSON.parse(body).map(({ id }: { id: string }) => id))
    const stored: string[] = []
    const storeMore = async (): Promise<void> => {
      const statements = Array.from({ length: 5 }, () => aStatement())
      await store.statements.insert(aBatch(...statements))
      stored.push(...statements.map(({ id }) => id))
    }
    await storeMore()
    await until(async () => sent().length >= stored.length)
    const states = (await Promise.all(servers.map(({ running }) => running.status()))).map(([status]) => status?.state)
    t.strictSame([...states].sort(), ['elsewhere', 'ok'])
    await servers[states.indexOf('ok')]?.stop()
    await storeMore()
    await until(async () => sent().length >= stored.length)
    t.strictSame(sent(), stored)
  }
)
