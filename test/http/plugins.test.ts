import { once } from 'node:events'
import { request } from 'node:http'
import type { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { HttpPlugin } from '../../src/http/plugin.ts'
import { jsonOf } from '../support/answer.ts'
import { basic, startLrs } from '../support/lrs.ts'
import { attachmentOf, contentPart, multipart, sent, statementPart } from '../support/requests.ts'

/** A plugin such as a contributor would write: it takes a body of any size as it arrives, and keeps none of it. */
const uploads: HttpPlugin = {
  name: 'uploads',
  prefix: '/uploads',
  register: (server, { authenticate }) => {
    server.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    server.put<{ Body: Readable }>('/:name', { onRequest: authenticate }, async (request) => {
      let bytes = 0
      for await (const piece of request.body) bytes += piece.length
      return { bytes, from: request.principal?.username }
    })
    server.put('/broken', async () => {
      throw new Error('of the plugin')
    })
  }
}

/** A plugin that says nothing of bodies. */
const greeting: HttpPlugin = {
  name: 'greeting',
  prefix: '/greeting',
  register: (server) => {
    server.post('/', async () => 'good day')
  }
}

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** What is in use, without what only waits to be collected. */
const held = (): number => {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const piece = Buffer.alloc(2 ** 16, 'x')
const size = 200 * 2 ** 20

/** Sends 200 MB as fast as the server takes them; the most that the process held meanwhile. */
const upload = async (port: number): Promise<{ readonly answer: unknown; readonly peak: number }> => {
  const sending = request({
    port,
    host: '127.0.0.1',
    method: 'PUT',
    path: '/uploads/large',
    headers: { authorization: basic('janedoe'), 'content-type': 'video/mp4', 'content-length': size }
  })
  const answered = once(sending, 'response')
  let peak = 0
  for (let bytes = 0; bytes < size; bytes += piece.length) {
    if (!sending.write(piece)) await once(sending, 'drain')
    if (bytes % (20 * 2 ** 20) === 0) peak = Math.max(peak, held())
  }
  sending.end()
  const [response] = await answered
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part
  return { answer: JSON.parse(text), peak }
}

t.test('a plugin streams a body of 200 MB in flat memory, while xAPI beside it reads its own as ever', async (t) => {
  const lrs = await startLrs(t, { plugins: [uploads] })
  const asker = lrs.fresh()
  await asker.store(sent())
  const before = held()
  const uploaded = upload(lrs.port)
  const essay = sent({ attachments: [attachmentOf('essay')] })
  const [one] = await asker.store(sent())
  t.equal((await asker.post(undefined, multipart([statementPart(essay), contentPart('essay')]))).status, 200)
  t.same((await asker.list()).slice(0, 2), [essay.id, one])
  t.equal((await asker.post('[]', { headers: { 'content-type': 'text/plain' } })).status, 400, 'no other type')
  const head = `POST /xAPI/statements HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: ${basic('janedoe')}\r\n`
  const large = `${head}Content-Type: application/json\r\nContent-Length: ${size}\r\n\r\n`
  const refused = await lrs.raw('/xAPI/statements', 'POST', large)
  t.equal(refused.status, 413)
  t.equal(jsonOf(refused).setting, 'RALPH_RUNSERVER_MAX_BODY_SIZE')
  const { answer, peak } = await uploaded
  t.same(answer, { bytes: size, from: 'janedoe' })
  const grown = Math.round((peak - before) / 2 ** 20)
  t.comment(`${grown} MB more than before`)
  t.ok(grown < 50, `${grown} MB`)
})

t.test('a plugin that takes its time is waited for: nothing is read ahead', async (t) => {
  let taken = 0
  let go = (): void => {}
  const told = new Promise<void>((resolve) => {
    go = resolve
  })
  const slow: HttpPlugin = {
    ...uploads,
    register: (server) => {
      server.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
      server.put<{ Body: Readable }>('/:name', async (request) => {
        await told
        for await (const part of request.body) taken += part.length
        return { taken }
      })
    }
  }
  const lrs = await startLrs(t, { plugins: [slow] })
  const sending = request({ port: lrs.port, host: '127.0.0.1', method: 'PUT', path: '/uploads/a' })
  sending.setHeader('content-length', size)
  sending.flushHeaders()
  const socket = sending.socket ?? (await once(sending, 'socket'))[0]
  let offered = 0
  // Until the buffers of both ends are full.
  for (let idle = 0; idle < 200; idle += 1) {
    if (socket.writableLength > 0) {
      await turn()
      continue
    }
    idle = 0
    sending.write(piece)
    offered += piece.length
    await turn()
  }
  t.ok(offered < 64 * 2 ** 20, `${offered / 2 ** 20} MB went into the buffers of the system`)
  t.equal(taken, 0)
  go()
  sending.on('error', () => {}).destroy()
})

t.test('what holds for every request holds for a plugin: headers, 401, errors, 404', async (t) => {
  const lrs = await startLrs(t, { plugins: [uploads, greeting] })
  const asker = lrs.as('janedoe')
  const stranger = await asker.send('PUT', '/uploads/a', { body: 'x', headers: { authorization: undefined } })
  t.equal(stranger.status, 401)
  t.match(stranger.headers.get('www-authenticate'), /^Basic /)
  const broken = await fetch(`http://127.0.0.1:${lrs.port}/uploads/broken`, { method: 'PUT', body: 'x' })
  t.equal(broken.status, 500)
  t.match(await broken.json(), { error: 'INTERNAL', requestId: String })
  t.match(lrs.log, [/of the plugin/])
  for (const answer of [stranger, broken]) {
    t.equal(answer.headers.get('x-experience-api-version'), '1.0.3')
    t.equal(answer.headers.get('cache-control'), 'private, no-cache')
    t.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    t.notOk(answer.headers.has('content-security-policy'), 'of xAPI alone')
  }
  t.equal((await asker.send('PROPFIND', '/uploads')).status, 404)
  t.equal((await asker.send('POST', '/greeting')).status, 200)
  t.equal((await asker.send('POST', '/greeting', { body: 'x' })).status, 400, 'no body is read that nobody asked for')
})
