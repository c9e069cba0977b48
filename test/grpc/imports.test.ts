import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Client, credentials, status } from '@grpc/grpc-js'
import t from 'tap'
import type { Imports } from '../../src/contracts/imports.ts'
import type { Part } from '../../src/contracts/part.ts'
import type { Import } from '../../src/protocol/messages.ts'
import { detailsOf, grpcClient, startGrpcLrs } from '../support/grpc.ts'
import { testImports } from '../support/imports.ts'
import { anId, withMbox } from '../support/statements.ts'

const statements = Array.from({ length: 30 }, () => ({
  id: anId(),
  actor: withMbox('ada'),
  verb: { id: 'https://example.org/verbs/read' },
  object: { id: 'https://example.org/book' }
}))
const text = statements.map((each) => `${JSON.stringify(each)}\n`).join('')
const sha256 = createHash('sha256').update(text).digest('hex')

const tested = await testImports(t)
const imports: Part<Imports> = {
  name: 'imports',
  start: async () => ({ service: tested.imports, stop: async () => {}, health: async () => ({ state: 'ok' }) })
}
const lrs = await startGrpcLrs(t, { imports, settings: { restrictByScopes: true } })
const writer = grpcClient(t, lrs.port, 'janedoe')

/** Sends a file in two pieces. */
const submit = async (client: typeof writer, file: object, content = text) => {
  const { stream, ended } = client.clientStream<Import>('ralph.v1.Imports', 'Submit')
  stream.write({ file })
  stream.write({ content: Buffer.from(content.slice(0, 100)) })
  stream.write({ content: Buffer.from(content.slice(100)) })
  stream.end()
  return ended
}

t.test('a file that is submitted becomes statements, and is watched until it has', async (t) => {
  const { answer, error } = await submit(writer, { filename: 'week.jsonl', sha256 })
  t.equal(error, undefined)
  t.match(answer, { filename: 'week.jsonl', sha256, size: String(Buffer.byteLength(text)) })
  const id = answer?.id ?? ''
  const watch = writer.serverStream<Import>('ralph.v1.Imports', 'Watch', { id })
  const seen: string[] = []
  watch.on('data', ({ status: now }: Import) => seen.push(now))
  await once(watch, 'data')
  await tested.imports.run(id)
  await once(watch, 'end')
  t.equal(seen.at(-1), 'DONE')
  t.match((await writer.unary<Import>('ralph.v1.Imports', 'Get', { id })).answer, { status: 'DONE', written: '30' })
  t.same(
    await tested.ids(),
    statements.map((each) => each.id)
  )
})

t.test('what cannot be taken says why, and leaves nothing in staging', async (t) => {
  const wrong = await submit(writer, { filename: 'week.jsonl', sha256: sha256.replace(/^./, 'x') })
  t.equal(wrong.error?.code, status.INVALID_ARGUMENT)
  const other = await submit(writer, { filename: 'week.jsonl', sha256: '0'.repeat(64) })
  t.match(detailsOf(other.error), { error: 'CHECKSUM_MISMATCH' })
  t.match((await submit(writer, { filename: '' })).error, { code: status.INVALID_ARGUMENT })
  t.match((await submit(writer, { filename: 'x', from: 'csv' })).error, { code: status.INVALID_ARGUMENT })
  const { stream, ended } = writer.clientStream<Import>('ralph.v1.Imports', 'Submit')
  stream.write({ content: Buffer.from(text) })
  stream.end()
  t.match((await ended).error, { code: status.INVALID_ARGUMENT, details: /first message says what the file is/ })
  const reader = grpcClient(t, lrs.port, 'reader')
  t.match((await submit(reader, { filename: 'week.jsonl' })).error, { code: status.PERMISSION_DENIED })
  t.same(tested.staged(), [])
})

t.test("another user's import is as one that is not there", async (t) => {
  const { answer } = await submit(writer, { filename: 'mine.jsonl' })
  const other = grpcClient(t, lrs.port, 'fresh_2')
  for (const id of [answer?.id, 'none']) {
    t.match((await other.unary('ralph.v1.Imports', 'Get', { id })).error, { code: status.NOT_FOUND })
  }
})

t.test('reflection names the services', async (t) => {
  const client = new Client(`127.0.0.1:${lrs.port}`, credentials.createInsecure())
  t.teardown(() => client.close())
  // ServerReflectionRequest { list_services = 7: "" }
  const stream = client.makeBidiStreamRequest(
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes
  )
  stream.write(Buffer.from([0x3a, 0x00]))
  const [answer] = (await once(stream, 'data')) as [Buffer]
  stream.end()
  for (const name of ['ralph.v1.Statements', 'ralph.v1.Imports', 'grpc.health.v1.Health']) {
    t.ok(answer.includes(name), name)
  }
})
