import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { basic, startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'

/** Sends a head that asks whether to go on, and then the body if the server says so. All that was received. */
const ask = async (t: Test, port: number, path: string, lines: readonly string[], body: string): Promise<string> => {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  t.teardown(() => socket.destroy())
  let received = ''
  const head = ['Host: a', 'Content-Type: application/json', 'Expect: 100-continue', ...lines]
  socket.write(`POST ${path} HTTP/1.1\r\n${head.map((line) => `${line}\r\n`).join('')}\r\n`)
  socket.on('data', (text) => {
    received += text
    if (received === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write(body)
    else if (/^HTTP\/1\.1 200 /m.test(received)) socket.end()
  })
  await Promise.race([once(socket, 'close'), wait(5000)])
  return received
}

t.test('a body is asked for only when credentials, path, length and version allow it', async (t) => {
  const lrs = await startLrs(t, { settings: { maxBodySize: 4096 } })
  const body = JSON.stringify(sent())
  const length = `Content-Length: ${body.length}`
  const user = `Authorization: ${basic('janedoe')}`
  const path = '/xAPI/statements'
  for (const [what, status, target, lines] of [
    ['no credentials', 401, path, [length]],
    ['a wrong password', 401, path, [length, `Authorization: ${basic('janedoe', 'wrong')}`]],
    ['a path that is not there', 404, '/xAPI/nothing', [length, user]],
    ['a version that is not there', 400, path, [length, user, 'X-Experience-API-Version: 9.9']],
    ['a length over the limit', 413, path, ['Content-Length: 5000', user]],
    ['a form that is too long', 413, `${path}?method=POST`, ['Content-Length: 1000000000', user]]
  ] as const) {
    const received = await ask(t, lrs.port, target, lines, body)
    t.match(received, new RegExp(`^HTTP/1.1 ${status} `), `${what}: the answer comes first`)
    t.notMatch(received, /100 Continue/, what)
    t.match(received, /\r\nconnection: close\r\n/i, `${what}: what may still be sent is no request`)
  }
  const taken = await ask(t, lrs.port, path, [length, user], body)
  t.match(taken, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /, 'else the body is taken')
})

t.test('a target with the host in front of its path is that path', async (t) => {
  const lrs = await startLrs(t, { settings: { publicUrl: 'https://lrs.example.org/lrs' } })
  for (const [target, status] of [
    ['/xAPI/about', 200],
    ['/xAPI//about', 200],
    ['/lrs/xAPI/about', 200],
    ['/lrs//xAPI/about', 200],
    ['/lrs/nothing', 404],
    ['', 200]
  ] as const) {
    for (const host of ['', 'http://lrs.example.org', 'HTTPS://lrs.example.org:8443']) {
      if (host === '' && target === '') continue
      const head = `GET ${host}${target} HTTP/1.1\r\nHost: lrs.example.org\r\nConnection: close\r\n\r\n`
      t.equal((await lrs.raw(target, 'GET', head)).status, status, `${host}${target}`)
    }
  }
})
