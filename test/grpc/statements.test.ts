import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import t from 'tap'
import type { ReadStatementsResponse } from '../../src/protocol/messages.ts'
import { detailsOf, grpcClient, startGrpcLrs } from '../support/grpc.ts'
import { anId, withMbox } from '../support/statements.ts'

const lrs = await startGrpcLrs(t, { settings: { restrictByScopes: true, restrictByAuthority: true } })
let freshGiven = 0
const fresh = () => {
  freshGiven += 1
  return grpcClient(t, lrs.port, `fresh_${freshGiven}`)
}

const aStatement = (more: object = {}) => ({
  id: anId(),
  actor: withMbox('ada'),
  verb: { id: 'https://example.org/verbs/read' },
  object: { id: 'https://example.org/book' },
  ...more
})

const many = (count: number) => Array.from({ length: count }, () => aStatement())
const idOf = (text: string): string => JSON.parse(text).id
const ids = (texts: readonly string[]): string[] => texts.map(idOf)

t.test('what is written is read, as it was sent, newest first or oldest first', async (t) => {
  const user = fresh()
  const first = aStatement()
  const text = JSON.stringify(first).replace('}}', '},"result":{"extensions":{"https://example.org/n":1.0}}}')
  const others = many(3)
  const { answer } = await user.write([[text], others])
  t.same(answer, { ids: [first, ...others].map(({ id }) => id), stored: 4, already: 0 })
  const newest = await user.read()
  t.same(ids(newest.texts), [first, ...others].map(({ id }) => id).reverse())
  t.match(newest.texts.at(-1), '"https://example.org/n":1.0')
  t.same(newest.positions, [''])
  t.same(ids((await user.read({ ascending: true, limit: 2 })).texts), [first.id, others[0]?.id])
  t.same(ids((await user.read({ statementId: first.id })).texts), [first.id])
})

t.test('a statement that is sent twice counts as already there', async (t) => {
  const user = fresh()
  const statements = many(5)
  await user.write([statements.slice(0, 3)])
  t.match((await user.write([statements])).answer, { stored: 2, already: 3 })
})

t.test('all pages of a long list come in one stream, and a position goes on after its page', async (t) => {
  const user = fresh()
  const statements = many(1203)
  t.match((await user.write([statements])).answer, { stored: 1203 })
  const { texts, positions } = await user.read({ ascending: true })
  t.same(
    ids(texts),
    statements.map(({ id }) => id)
  )
  const [position] = positions
  const rest = await user.read({ ascending: true, position })
  t.same(ids(rest.texts), ids(texts).slice(500))
  t.match((await user.read({ position: `${position}x` })).error, { code: status.INVALID_ARGUMENT })
})

t.test('a bad statement is refused with its position and reason; batches are all or nothing', async (t) => {
  const user = fresh()
  const bad = aStatement({ verb: { id: 'no iri' } })
  const { error } = await user.write([many(500), [...many(3), bad, ...many(2)]])
  t.match(error, { code: status.INVALID_ARGUMENT, details: /^Statement 503 at \/verb\/id: expected / })
  t.equal(error?.metadata.get('ralph-error')[0], 'INVALID_STATEMENT')
  t.match(detailsOf(error), {
    error: 'INVALID_STATEMENT',
    position: 503,
    stored: 500,
    problems: [{ index: 503, pointer: '/verb/id', rule: 'format/iri' }]
  })
  t.equal((await user.read()).texts.length, 500, 'the batch before it is stored, and nothing of its own')
})

t.test('what is not one statement is refused, and so is an id that is taken', async (t) => {
  const user = fresh()
  const two = `${JSON.stringify(aStatement())},${JSON.stringify(aStatement())}`
  for (const text of ['', '{', '[]', two, `[${JSON.stringify(aStatement())}]`, '"text"', '{"a":1}']) {
    const { error } = await user.write([[aStatement(), text]])
    t.equal(error?.code, status.INVALID_ARGUMENT, text)
    t.match(detailsOf(error), { position: 1 }, text)
  }
  const one = aStatement()
  await user.write([[one]])
  const { error } = await user.write([[aStatement(), { ...one, verb: { id: 'https://example.org/other' } }]])
  t.equal(error?.code, status.ALREADY_EXISTS)
  t.match(detailsOf(error), { error: 'STATEMENT_CONFLICT', statementId: one.id, position: 1 })
  t.equal((await user.read()).texts.length, 1)
})

t.test('a call without statements stores none', async (t) => {
  t.same((await fresh().write([])).answer, { ids: [], stored: 0, already: 0 })
})

t.test('the filters are those of GET /statements', async (t) => {
  const user = fresh()
  const verb = 'https://example.org/verbs/wrote'
  const registration = anId()
  const wrote = aStatement({ verb: { id: verb }, context: { registration } })
  const other = aStatement({ actor: withMbox('bob') })
  await user.write([[wrote, other]])
  const found = async (request: object) => ids((await user.read(request)).texts)
  t.same(await found({ verb }), [wrote.id])
  t.same(await found({ registration }), [wrote.id])
  t.same(await found({ agent: JSON.stringify(withMbox('bob')) }), [other.id])
  t.same(await found({ activity: 'https://example.org/none' }), [])
  t.same(await found({ until: '2001-01-01' }), [])
  t.same(JSON.parse((await user.read({ verb, format: 'ids' })).texts[0] ?? '').id, wrote.id)
  for (const wrong of [{ verb: 'no iri' }, { agent: '{' }, { format: 'long' }, { statementId: 'x' }, { since: 'x' }]) {
    t.match((await user.read(wrong)).error, { code: status.INVALID_ARGUMENT, details: /^Parameter / })
  }
  t.match((await user.read({ statementId: anId() })).error, { code: status.NOT_FOUND })
})

t.test('no credentials, wrong ones, no scope', async (t) => {
  const anonymous = grpcClient(t, lrs.port, undefined)
  const { error } = await anonymous.write([[aStatement()]])
  t.equal(error?.code, status.UNAUTHENTICATED)
  t.match(detailsOf(error), { error: 'UNAUTHENTICATED' })
  for (const authorization of ['Basic eDp5', 'Basic ?', 'Bearer x', '']) {
    const refused = await anonymous.read({}, { metadata: { authorization } })
    t.match(refused.error, { code: status.UNAUTHENTICATED }, authorization)
  }
  t.match((await grpcClient(t, lrs.port, 'reader').write([[aStatement()]])).error, {
    code: status.PERMISSION_DENIED,
    details: 'These credentials lack the scope statements/write.'
  })
  t.match((await grpcClient(t, lrs.port, 'writer').read()).error, { code: status.PERMISSION_DENIED })
})

t.test('who may read only his own statements is given these, by a list and when he follows', async (t) => {
  const [mine, john] = [grpcClient(t, lrs.port, 'mine'), grpcClient(t, lrs.port, 'john')]
  const own = aStatement()
  await john.write([many(3)])
  await mine.write([[own]])
  t.same(ids((await mine.read()).texts), [own.id])
  t.same(ids((await mine.read({ follow: true, limit: 1 })).texts), [own.id])
  t.equal((await john.read()).texts.length, 4)
})

t.test('follow gives what is there, then what comes, and goes on after a position', async (t) => {
  const user = fresh()
  const before = many(3)
  await user.write([before])
  const stream = user.serverStream<ReadStatementsResponse>('ralph.v1.Statements', 'Read', { follow: true })
  stream.on('error', () => {})
  const seen: string[] = []
  const positions: string[] = []
  stream.on('data', ({ statements, position }: ReadStatementsResponse) => {
    seen.push(...statements.map((each) => idOf(Buffer.from(each).toString())))
    positions.push(position)
  })
  while (seen.length < 3) await wait(10)
  const after = aStatement()
  await user.write([[after]])
  while (seen.length < 4) await wait(10)
  t.same(
    seen,
    [...before, after].map(({ id }) => id)
  )
  stream.cancel()
  const rest = await user.read({ follow: true, position: positions[0], limit: 1 })
  t.same(ids(rest.texts), [after.id])
  const filtered = await user.read({ follow: true, activity: 'https://example.org/book', limit: 2 })
  t.same(
    ids(filtered.texts),
    before.slice(0, 2).map(({ id }) => id)
  )
  t.match((await user.read({ follow: true, position: 'x' })).error, { code: status.INVALID_ARGUMENT })
  t.match((await user.read({ follow: true, ascending: false })).error, { code: status.INVALID_ARGUMENT })
})

t.test(
  'a deadline that passes and a call that is cancelled end the call, and store nothing of an open batch',
  async (t) => {
    const user = fresh()
    const before = lrs.log.filter((line) => line.includes('"status":"CANCELLED"')).length
    const late = user.clientStream('ralph.v1.Statements', 'Write', { deadline: 200 })
    late.stream.write({ statements: [Buffer.from(JSON.stringify(aStatement()))] })
    t.match((await late.ended).error, { code: status.DEADLINE_EXCEEDED })
    const cancelled = user.clientStream('ralph.v1.Statements', 'Write')
    cancelled.stream.write({ statements: [Buffer.from(JSON.stringify(aStatement()))] })
    await wait(100)
    cancelled.stream.cancel()
    t.match((await cancelled.ended).error, { code: status.CANCELLED })
    const stream = user.serverStream('ralph.v1.Statements', 'Read', { follow: true }, { deadline: 100 })
    const [error] = await once(stream, 'error')
    t.match(error, { code: status.DEADLINE_EXCEEDED })
    await wait(100)
    t.same((await user.read()).texts, [])
    t.equal(
      lrs.log.filter((line) => line.includes('"status":"CANCELLED"')).length - before,
      3,
      'the server has heard of all three'
    )
  }
)

t.test('version, health and reflection need no credentials', async (t) => {
  const anonymous = grpcClient(t, lrs.port, undefined)
  t.match((await anonymous.unary('ralph.v1.Server', 'Version', {})).answer, { version: '1.2.3' })
  for (const service of ['', 'ralph.v1.Statements']) {
    t.same((await anonymous.unary('grpc.health.v1.Health', 'Check', { service })).answer, { status: 'SERVING' })
  }
  t.match((await anonymous.unary('grpc.health.v1.Health', 'Check', { service: 'x' })).error, { code: status.NOT_FOUND })
  t.match((await anonymous.unary('ralph.v1.Imports', 'Get', { id: 'x' })).error, { code: status.UNAUTHENTICATED })
  t.match((await fresh().unary('ralph.v1.Imports', 'Get', { id: 'x' })).error, { code: status.UNIMPLEMENTED })
})
