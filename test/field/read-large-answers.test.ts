import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { longestDefinitions } from '../../src/lrs/query-statements/describer.ts'
import { longestAnswer } from '../../src/lrs/query-statements/exact-page.ts'
import { maxPageSize } from '../../src/xapi/filters.ts'
import { jsonOf, textOf } from '../support/answer.ts'
import { basic, type Client, idsIn, type Lrs, startLrs } from '../support/lrs.ts'
import { attachmentOf, contentPart, multipart, partsOf, sent, statementPart } from '../support/requests.ts'
import { anActivity, anId, aVerb, refTo } from '../support/statements.ts'

const mebibyte = 2 ** 20
const setting = 'RALPH_RUNSERVER_MAX_BYTES_IN_FLIGHT'

const large = (bytes: number, parts: object = {}) => sent({ ...parts, result: { response: 'x'.repeat(bytes) } })

/** Asks, and reads no more than its head. */
const readSlowly = async (t: Test, lrs: Lrs, username: string, path: string): Promise<Socket> => {
  const socket = connect({ port: lrs.port, host: '127.0.0.1' })
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic(username)}\r\n\r\n`)
  await new Promise((resolve) => socket.once('readable', resolve))
  return socket
}

/** Until it holds, or ten seconds are over. */
const eventually = async (holds: () => Promise<boolean>): Promise<boolean> => {
  for (const end = performance.now() + 10_000; performance.now() < end; ) {
    if (await holds()) return true
    await wait(50)
  }
  return false
}

/** All pages of a list, newest first: how long each was, and what was on it. */
const walk = async (asker: Client, query: Record<string, string | number>) => {
  const pages: { readonly size: number; readonly ids: readonly string[] }[] = []
  for (let answer = await asker.get(query); ; ) {
    pages.push({ size: answer.body.length, ids: idsIn(answer) })
    const { more } = jsonOf(answer)
    if (more === '') return pages
    answer = await asker.send('GET', more)
  }
}

t.test('a long list comes whole, with its length and its tag first', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const ids: string[] = []
  for (let count = 0; count < 30; count += 1) ids.push(...(await asker.store(large(0.4 * mebibyte))))
  const whole = await asker.get({ limit: 100 })
  t.same(idsIn(whole), ids.toReversed())
  t.ok(whole.body.length > 5 * maxPageSize)
  t.equal(whole.headers.get('content-length'), String(whole.body.length))
  const etag = `"${createHash('sha1').update(whole.body).digest('hex')}"`
  t.equal(whole.headers.get('etag'), etag)
  const head = await asker.send('HEAD', '/xAPI/statements', { query: { limit: 100 } })
  for (const name of ['content-length', 'etag', 'last-modified', 'content-type']) {
    t.equal(head.headers.get(name), whole.headers.get(name), name)
  }
  t.equal((await asker.get({ limit: 100 }, { headers: { 'if-none-match': etag } })).status, 304)
  t.same(idsIn(await asker.get({ limit: 100, ascending: true })), ids)
  t.equal(idsIn(await asker.get({ limit: 7 })).length, 7)
  for (let count = 0; count < 15; count += 1) ids.push(...(await asker.store(large(0.4 * mebibyte))))
  const pages = await walk(asker, { limit: 100 })
  t.same(
    pages.flatMap((page) => page.ids),
    ids.toReversed()
  )
  t.ok(pages.every(({ size }) => size <= longestAnswer + 1000))
})

t.test('what is voided while a long list is sent is still in it', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const ids: string[] = []
  for (let count = 0; count < 25; count += 1) ids.push(...(await asker.store(large(0.4 * mebibyte))))
  const socket = await readSlowly(t, lrs, asker.username, '/xAPI/statements?limit=100&ascending=true')
  const verb = { id: 'http://adlnet.gov/expapi/verbs/voided' }
  await asker.store(sent({ verb, object: refTo(ids.at(-1) ?? '') }))
  const pieces: Buffer[] = []
  socket.on('data', (piece) => pieces.push(piece))
  const whole = () => Buffer.concat(pieces).toString()
  t.ok(await eventually(async () => whole().endsWith('],"more":""}')))
  const text = whole()
  t.same(
    JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)).statements.map(({ id }: { id: string }) => id),
    ids
  )
})

t.test('who reads a long list slowly holds a piece of it, and beyond the budget it is 503', async (t) => {
  const lrs = await startLrs(t, { settings: { maxBytesInFlight: 40 * mebibyte } })
  const asker = lrs.fresh()
  for (let count = 0; count < 38; count += 1) await asker.store(large(0.4 * mebibyte))
  const before = process.memoryUsage().rss
  // As many as a budget of whole answers would refuse.
  const readers = []
  for (let count = 0; count < 6; count += 1) {
    readers.push(await readSlowly(t, lrs, asker.username, '/xAPI/statements?limit=100'))
  }
  t.equal((await asker.get({ limit: 100 })).status, 200)
  for (let count = 0; count < 4; count += 1) {
    readers.push(await readSlowly(t, lrs, asker.username, '/xAPI/statements?limit=100'))
  }
  t.ok(process.memoryUsage().rss - before < 400 * mebibyte)
  const refused = await asker.get({ limit: 100 })
  t.equal(refused.status, 503)
  t.match(jsonOf(refused), { error: 'OVERLOADED', setting })
  t.equal((await asker.list({ verb: aVerb('none').id })).length, 0, 'who asks for little is answered')
  for (const each of readers) each.destroy()
  t.ok(await eventually(async () => (await asker.get({ limit: 100 })).status === 200))
})

t.test('attachments are counted before they are read', async (t) => {
  const lrs = await startLrs(t, { settings: { maxBytesInFlight: 24 * mebibyte } })
  const asker = lrs.fresh()
  for (let count = 0; count < 4; count += 1) {
    const content = String(count).repeat(9 * mebibyte)
    const statement = sent({ attachments: [attachmentOf(content)] })
    t.equal((await asker.post(undefined, multipart([statementPart(statement), contentPart(content)]))).status, 200)
  }
  const whole = await asker.get({ attachments: true })
  t.same(
    partsOf(whole).map(({ content }) => content.length > mebibyte),
    [false, true, true, true, true]
  )
  await readSlowly(t, lrs, asker.username, '/xAPI/statements?attachments=true')
  await readSlowly(t, lrs, asker.username, '/xAPI/statements?attachments=true')
  const refused = await asker.get({ attachments: true })
  t.equal(refused.status, 503)
  t.match(jsonOf(refused), { error: 'OVERLOADED', setting })
  t.equal((await asker.get()).status, 200)
})

t.test('lists of ids and errors are counted as well', async (t) => {
  const lrs = await startLrs(t, { settings: { maxBytesInFlight: 2 * mebibyte } })
  const asker = lrs.fresh()
  const scope = { activityId: anActivity('a').id, agent: { mbox: 'mailto:a@example.org' } }
  for (let count = 0; count < 40; count += 1) {
    const query = { ...scope, stateId: `${count}${'x'.repeat(10_000)}` }
    t.equal((await asker.send('PUT', '/xAPI/activities/state', { query, body: 'x' })).status, 204)
  }
  const search = new URLSearchParams({ ...scope, agent: JSON.stringify(scope.agent) })
  let answer = await asker.send('GET', '/xAPI/activities/state', { query: scope })
  t.equal(jsonOf(answer).length, 40)
  const path = `/xAPI/activities/state?${search}`
  const request = `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic(asker.username)}\r\n\r\n`
  const socket = connect(lrs.port, '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  socket.pause()
  t.ok(
    await eventually(async () => {
      // More, until the system takes no more for a reader that reads nothing.
      socket.write(request.repeat(3))
      answer = await asker.send('GET', '/xAPI/activities/state', { query: scope })
      return answer.status === 503
    })
  )
  t.match(jsonOf(answer), { error: 'OVERLOADED', setting })
})

t.test('a page with long definitions ends earlier, and the next ones go on', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const activity = `a${anId()}`
  const defined = anActivity(activity, { name: { en: 'x'.repeat(mebibyte) } })
  const ids = await asker.store(sent({ object: defined }))
  const plain = () => sent({ object: anActivity(activity) })
  ids.push(...(await asker.store(...Array.from({ length: 20 }, plain))))
  const pages = await walk(asker, { limit: 100, format: 'canonical' })
  t.same(
    pages.flatMap((page) => page.ids),
    ids.toReversed()
  )
  t.ok(pages.length >= 10 && pages.every(({ size }) => size <= maxPageSize + 1000))
  t.equal((await walk(asker, { limit: 100, format: 'ids' })).length, 1, 'short ones are one page')
})

t.test('a statement is given no longer definitions than an answer can hold', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const run = anId()
  const name = (at: number) => `a${run}${at}`
  const count = 20
  for (let at = 0; at < count; at += 1) {
    await asker.store(sent({ object: anActivity(name(at), { description: { en: 'x'.repeat(mebibyte) } }) }))
  }
  const activities = Array.from({ length: count }, (_, at) => anActivity(name(at)))
  const [id = ''] = await asker.store(
    sent({ context: { contextActivities: { other: [...activities, ...activities] } } })
  )
  const answer = await asker.get({ statementId: id, format: 'canonical' })
  t.equal(answer.status, 200)
  t.ok(answer.body.length > longestDefinitions / 2 && answer.body.length < longestDefinitions + mebibyte)
  t.equal(textOf(answer).split('"description"').length - 1, 15, 'as many as fit')
  t.equal(jsonOf(answer).context.contextActivities.other.length, 2 * count)
})
