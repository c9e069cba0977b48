import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { basic, startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'

/** All that the server says on one connection until it closes it, or `patience` milliseconds have passed. */
const converse = async (port: number, text: string, patience = 1500): Promise<{ said: string; isClosed: boolean }> => {
  const socket = connect(port, '127.0.0.1')
  let said = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    said += chunk
  })
  socket.on('error', () => {})
  socket.write(text, 'latin1')
  const closed = once(socket, 'close').then(() => true)
  const isClosed = await Promise.race([closed, new Promise<false>((resolve) => setTimeout(resolve, patience, false))])
  socket.destroy()
  return { said, isClosed }
}

const statement = JSON.stringify(sent())
/** What a proxy that reads the head otherwise takes for a part of the body. */
const hidden = 'GET /__lbheartbeat__ HTTP/1.1\r\nHost: a\r\n\r\n'
const length = Buffer.byteLength(statement)
const chunk = `${length.toString(16)}\r\n${statement}\r\n0\r\n\r\n`

/** Heads whose body two programs may see end in two places. */
const twofold: Readonly<Record<string, readonly [fields: readonly string[], body: string]>> = {
  'two lengths': [[`Content-Length: ${length}`, `Content-Length: ${length + hidden.length}`], statement],
  'one length twice': [[`Content-Length: ${length}`, `Content-Length: ${length}`], statement],
  'a list of lengths': [[`Content-Length: ${length}, ${length}`], statement],
  'a length with a sign': [[`Content-Length: +${length}`], statement],
  'a length below nothing': [['Content-Length: -1'], statement],
  'a length that is not decimal': [[`Content-Length: 0x${length.toString(16)}`], statement],
  'a length and chunks': [[`Content-Length: ${length}`, 'Transfer-Encoding: chunked'], chunk],
  'chunks and a length': [['Transfer-Encoding: chunked', 'Content-Length: 4'], chunk],
  'chunks twice': [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], chunk],
  'chunks that are not the last encoding': [['Transfer-Encoding: chunked, identity'], chunk],
  'an encoding of no name': [['Transfer-Encoding: xchunked'], chunk],
  'a field that goes on in the next line': [['Transfer-Encoding:\r\n chunked', `Content-Length: ${length}`], chunk],
  'a space before the colon': [['Transfer-Encoding : chunked', `Content-Length: ${length}`], statement],
  'a length of a chunk that is not a number': [['Transfer-Encoding: chunked'], `+${chunk}`],
  'a chunk that is longer than it says': [['Transfer-Encoding: chunked'], `1\r\n${statement}\r\n0\r\n\r\n`]
}

t.test(
  'a request whose end can be read in two ways is 400, nothing of it is stored, nothing behind it is read',
  async (t) => {
    const lrs = await startLrs(t)
    for (const [what, [fields, body]] of Object.entries(twofold)) {
      for (const authorization of [[`Authorization: ${basic('janedoe')}`], []]) {
        const head = [
          'POST /xAPI/statements HTTP/1.1',
          'Host: a',
          'Content-Type: application/json',
          'X-Experience-API-Version: 1.0.3',
          ...authorization,
          ...fields
        ]
        const { said, isClosed } = await converse(lrs.port, `${head.join('\r\n')}\r\n\r\n${body}${hidden}`)
        const statuses = [...said.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)
        t.ok(isClosed, `${what}: the connection is closed`)
        // Who is not known may be told that first.
        t.ok(
          statuses.length === 1 && (statuses[0] === '400' || (authorization.length === 0 && statuses[0] === '401')),
          `${what}: ${statuses}`
        )
      }
    }
    t.same(await lrs.as('janedoe').list(), [], 'nothing was stored')
  }
)

t.test('two credentials that differ are 400, whichever is right', async (t) => {
  const lrs = await startLrs(t)
  for (const [one, other] of [
    [basic('janedoe'), basic('john')],
    [basic('janedoe'), ''],
    [basic('nobody', 'wrong'), basic('janedoe')]
  ]) {
    const text = `GET /xAPI/statements HTTP/1.1\r\nHost: a\r\nAuthorization: ${one}\r\nAuthorization: ${other}\r\nConnection: close\r\n\r\n`
    const { said } = await converse(lrs.port, text)
    t.match(said, /^HTTP\/1\.1 400 /)
    t.match(said, /MALFORMED_REQUEST/)
  }
})

t.test('a body that drips in is 408 on every kind of route, from a user, too', async (t) => {
  const lrs = await startLrs(t, { settings: { requestTimeout: 2 } })
  const state = '/xAPI/activities/state?activityId=http://a.b/c&stateId=s&agent=%7B%22mbox%22:%22mailto:a@b.c%22%7D'
  const profile = '/xAPI/agents/profile?profileId=p&agent=%7B%22mbox%22:%22mailto:a@b.c%22%7D'
  const routes = [
    ['POST', '/xAPI/statements', 'application/json'],
    ['PUT', `/xAPI/statements?statementId=${sent().id}`, 'application/json'],
    ['POST', '/xAPI/statements', 'multipart/mixed; boundary=x'],
    ['PUT', state, 'application/json'],
    ['POST', state, 'application/json'],
    ['PUT', profile, 'text/plain'],
    ['POST', '/xAPI/statements?method=POST', 'application/x-www-form-urlencoded']
  ] as const
  const drip = async ([method, path, type]: (typeof routes)[number]): Promise<void> => {
    const socket = connect(lrs.port, '127.0.0.1')
    let said = ''
    socket.setEncoding('latin1').on('data', (text) => {
      said += text
    })
    socket.on('error', () => {})
    const head = [
      `${method} ${path} HTTP/1.1`,
      'Host: a',
      `Authorization: ${basic('janedoe')}`,
      'X-Experience-API-Version: 1.0.3',
      'If-None-Match: *',
      `Content-Type: ${type}`,
      'Content-Length: 1000'
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    const dripping = setInterval(() => socket.write('a'), 200)
    await once(socket, 'close')
    clearInterval(dripping)
    t.match(said, /^HTTP\/1\.1 408 /, `${method} ${path} ${type}`)
    t.match(said, /RALPH_RUNSERVER_REQUEST_TIMEOUT/)
  }
  await Promise.all(routes.map(drip))
  t.equal((await lrs.as('janedoe').get()).status, 200)
})
