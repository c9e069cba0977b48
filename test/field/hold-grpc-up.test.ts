import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { status } from '@grpc/grpc-js'
import t, { type Test } from 'tap'
import type { Imports } from '../../src/contracts/imports.ts'
import type { Part } from '../../src/contracts/part.ts'
import { grpcClient, startGrpcLrs } from '../support/grpc.ts'
import { basic } from '../support/lrs.ts'
import { aStatement } from '../support/statements.ts'

const read = '/ralph.v1.Statements/Read'
const version = ['ralph.v1.Server', 'Version', {}] as const

/** Calls over one connection, frame by frame. */
const connection = (t: Test, port: number) => {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  t.teardown(() => session.destroy())
  return (path: string, headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers
    })
    stream.on('error', () => {})
    return stream
  }
}

/** The beginning of a message that says that it has so many bytes. */
const header = (bytes: number, isCompressed = false): Buffer => {
  const five = Buffer.alloc(5)
  five.writeUInt8(isCompressed ? 1 : 0)
  five.writeUInt32BE(bytes, 1)
  return five
}

const endOf = async (stream: ClientHttp2Stream) => {
  const [headers] = await once(stream, 'response')
  if (headers['grpc-status'] !== undefined) return headers
  const [trailers] = await once(stream, 'trailers')
  return trailers
}

t.test('field B1: messages of nobody that are not whole are bounded together, and users are served', async (t) => {
  const lrs = await startGrpcLrs(t, { backend: 'memory', settings: { maxAnonymousBytes: 2 ** 20 } })
  const open = connection(t, lrs.port)
  const some = 300 * 2 ** 10
  const streams = [read, '/ralph.v1.Server/Version', '/ralph.v1.Imports/Get', read, read].map((path) => open(path))
  const refused: string[] = []
  for (const stream of streams) {
    endOf(stream).then(
      (end) => {
        t.equal(end['grpc-status'], String(status.RESOURCE_EXHAUSTED))
        refused.push(decodeURIComponent(String(end['grpc-message'])))
      },
      () => {}
    )
    stream.write(header(2 ** 25))
    stream.write(Buffer.alloc(some, 65))
  }
  while (refused.length < 3) await new Promise((resolve) => setTimeout(resolve, 10))
  for (const message of refused) t.match(message, /RALPH_RUNSERVER_MAX_ANONYMOUS_BYTES/)

  const extensions = { 'https://example.org/long': 'x'.repeat(3 * 2 ** 19) }
  const long = aStatement({ result: { extensions } })
  const { answer } = await grpcClient(t, lrs.port, 'janedoe').write([[long]])
  t.match(answer, { ids: [long.id] }, 'a user sends more than all of nobody may')
  t.match((await grpcClient(t, lrs.port, undefined).unary(...version)).answer, { version: '1.2.3' })
})

t.test('field B1: a message must arrive in time', async (t) => {
  const lrs = await startGrpcLrs(t, { backend: 'memory', settings: { anonymousTimeout: 1, requestTimeout: 2 } })
  const open = connection(t, lrs.port)
  for (const [headers, setting] of [
    [{}, 'RALPH_RUNSERVER_ANONYMOUS_TIMEOUT'],
    [{ authorization: basic('janedoe') }, 'RALPH_RUNSERVER_REQUEST_TIMEOUT']
  ] as const) {
    const stream = open(read, headers)
    stream.write(header(100))
    const end = await endOf(stream)
    t.equal(end['grpc-status'], String(status.DEADLINE_EXCEEDED))
    t.match(decodeURIComponent(String(end['grpc-message'])), setting)
  }
})

t.test('field B1: a compressed message is unpacked for users only', async (t) => {
  const lrs = await startGrpcLrs(t, { backend: 'memory' })
  const open = connection(t, lrs.port)
  const bomb = gzipSync(Buffer.alloc(8 * 2 ** 20))
  const send = (path: string, headers: Readonly<Record<string, string>>, packed: Buffer) => {
    const stream = open(path, { 'grpc-encoding': 'gzip', ...headers })
    stream.end(Buffer.concat([header(packed.length, true), packed]))
    stream.resume()
    return endOf(stream)
  }
  t.match(await send('/ralph.v1.Server/Version', {}, bomb), { 'grpc-status': String(status.UNIMPLEMENTED) })
  t.match(await send(read, {}, bomb), { 'grpc-status': String(status.UNAUTHENTICATED) })
  const empty = gzipSync(Buffer.alloc(0))
  t.match(await send(read, { authorization: basic('janedoe') }, empty), { 'grpc-status': String(status.OK) })
})

t.test('field B1: connections are bounded, and who has most of them makes room for others', async (t) => {
  const lrs = await startGrpcLrs(t, { backend: 'memory', settings: { maxConnections: 3 } })
  const from = (localAddress: string) => {
    const session = connect(`http://127.0.0.1:${lrs.port}`, {
      createConnection: () => connectSocket({ host: '127.0.0.1', port: lrs.port, localAddress })
    })
    session.on('error', () => {})
    t.teardown(() => session.destroy())
    return session
  }
  const isServed = (session: ClientHttp2Session): Promise<boolean> =>
    new Promise((resolve) => {
      session.once('close', () => resolve(false))
      session.once('connect', () => session.ping((error) => resolve(error === null)))
    })
  const first = [from('127.0.0.1'), from('127.0.0.1'), from('127.0.0.1')]
  t.same(await Promise.all(first.map(isServed)), [true, true, true])
  t.equal(await isServed(from('127.0.0.1')), false, 'of the same source there are enough')
  t.equal(await isServed(from('127.0.0.2')), true, 'another one is let in')
  while (first.every(({ destroyed }) => !destroyed)) await new Promise((resolve) => setTimeout(resolve, 10))
  t.equal(first.filter(({ destroyed }) => destroyed).length, 1, 'in the place of one')
})

t.test('field B2: however many ask whether it is well, the parts are asked now and then', async (t) => {
  let questions = 0
  const imports: Part<Imports> = {
    name: 'imports',
    start: async () => ({
      // Nobody uses it here.
      service: {} as Imports,
      stop: async () => {},
      health: async () => {
        questions += 1
        return { state: 'ok' }
      }
    })
  }
  const lrs = await startGrpcLrs(t, { backend: 'memory', imports })
  const anybody = grpcClient(t, lrs.port, undefined)
  const service = 'ralph.v1.Imports'
  const answers = await Promise.all(
    Array.from({ length: 90 }, () => anybody.unary('grpc.health.v1.Health', 'Check', { service }))
  )
  for (const { answer } of answers) t.match(answer, { status: 'SERVING' })
  t.ok(questions > 0 && questions < 30, `${questions} questions`)
})
