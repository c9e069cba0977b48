import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { basic, type Client, type Lrs, startLrs } from '../support/lrs.ts'

/** What an answer holds of the memory, its reader must not be able to keep for as long as it likes. */

const mebibyte = 2 ** 20
const path = '/xAPI/activities/state'
const query = { activityId: 'https://example.org/a', agent: { mbox: 'mailto:a@example.org' }, stateId: 'large' }
const content = Buffer.alloc(16 * mebibyte, 'large')

const storeLarge = async (asker: Client): Promise<void> => {
  const headers = { 'content-type': 'application/octet-stream' }
  const { status } = await asker.send('PUT', path, { query, body: content, headers })
  if (status !== 204) throw new Error(`the document was not stored: ${status}`)
}

/** Asks for the document, and reads nothing of it yet. */
const ask = (t: Test, lrs: Lrs, asker: Client): Socket => {
  const search = new URLSearchParams({ ...query, agent: JSON.stringify(query.agent) })
  const socket = connect(lrs.port, '127.0.0.1').pause()
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  socket.write(`GET ${path}?${search} HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic(asker.username)}\r\n\r\n`)
  return socket
}

t.test('who takes too little of an answer is cut off, and the log names the setting', async (t) => {
  const lrs = await startLrs(t, { settings: { answerTimeout: 1, maxBytesInFlight: 24 * mebibyte } })
  const asker = lrs.fresh()
  await storeLarge(asker)
  let received = 0
  const drip = ask(t, lrs, asker)
  while (!/RALPH_RUNSERVER_ANSWER_TIMEOUT/.test(lrs.log.join(''))) {
    const chunk: Buffer | null = drip.read(1000)
    received += chunk?.length ?? 0
    await wait(50)
  }
  // Some of it has been on its way.
  drip.on('data', (chunk) => {
    received += chunk.length
  })
  await once(drip.resume(), 'close')
  t.ok(received < content.length, `${received} bytes`)
  t.match(lrs.log.join(''), /less than 256 KiB of it in the 1 s of RALPH_RUNSERVER_ANSWER_TIMEOUT/)
  const { status, body } = await asker.send('GET', path, { query })
  t.equal(status, 200, 'what it held is free')
  t.ok(body.equals(content))
})

t.test('who reads slowly, but reads, has all of the answer', async (t) => {
  const lrs = await startLrs(t, { settings: { answerTimeout: 1 } })
  const asker = lrs.fresh()
  await storeLarge(asker)
  const slow = ask(t, lrs, asker)
  let received = 0
  let pauses = 0
  slow.on('data', (chunk) => {
    received += chunk.length
    if (received < (pauses + 1) * 2 * mebibyte) return
    pauses += 1
    slow.pause()
    setTimeout(() => slow.resume(), 400)
  })
  slow.resume()
  while (received < content.length && !slow.destroyed) await wait(20)
  t.ok(received > content.length, 'with its head')
  t.equal(pauses, 8)
})
