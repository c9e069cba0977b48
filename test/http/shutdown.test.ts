import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { basic, forEachBackend, isDurable } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'

forEachBackend(t, (t, lrs) => {
  t.test('a server that is told to stop waits for no connection over which nothing was asked', async (t) => {
    const asker = lrs.fresh()
    const silent = connect(lrs.port, '127.0.0.1')
    const begun = connect(lrs.port, '127.0.0.1')
    await Promise.all([once(silent, 'connect'), once(begun, 'connect')])
    begun.write('GET /xAPI/statements HT')
    // Answered on yet another connection: by then the server has seen both.
    t.equal((await asker.get()).status, 200)
    const closed = Promise.all([once(silent, 'close'), once(begun, 'close')])
    await lrs.restart()
    await closed
    t.equal((await asker.get()).status, 200)
  })

  t.test('what is in flight when the server is told to stop is finished', async (t) => {
    const asker = lrs.fresh()
    const statement = sent()
    const body = JSON.stringify(statement)
    const socket = connect(lrs.port, '127.0.0.1')
    socket.write(
      `POST /xAPI/statements HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic(asker.username)}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`
    )
    const [continued] = await once(socket, 'data')
    t.match(String(continued), /^HTTP\/1\.1 100 /, 'the request is under way')
    const stopped = lrs.restart()
    const answered = once(socket, 'data')
    socket.write(body)
    t.match(String((await answered)[0]), /^HTTP\/1\.1 200 /)
    await stopped
    if (isDurable(lrs.backend)) t.equal(jsonOf(await asker.get({ statementId: statement.id })).id, statement.id)
  })
})
