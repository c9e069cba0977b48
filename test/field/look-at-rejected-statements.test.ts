import { randomUUID } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { keepRejectedRequests, listRejectedRequests } from '../../src/telemetry/rejected-requests.ts'
import { ralph, runserver } from '../support/ralph-process.ts'
import { aLog, aUser } from '../support/users.ts'

const jane = await aUser('jane', 'supersecret')
const authorization = `Basic ${Buffer.from('jane:supersecret').toString('base64')}`

const aStatement = () => ({
  id: randomUUID(),
  actor: { mbox: 'mailto:ada@example.org' },
  verb: { id: 'http://adlnet.gov/expapi/verbs/completed' },
  object: { id: 'https://example.org/course' }
})
/** Open edX's event-routing-backends makes such ones. */
const withoutScheme = () => ({ ...aStatement(), object: { id: 'general' } })

t.test('an operator sees what was rejected and why, gets it back byte for byte, and removes it', async (t) => {
  const cwd = t.testdir({ 'auth.json': JSON.stringify([jane]) })
  const kept = join(cwd, 'rejected')
  const env = { RALPH_APP_DIR: cwd, RALPH_LRS_REJECTED_REQUESTS_DIRECTORY: kept }
  const server = await runserver(t, ['-h', '127.0.0.1'], { cwd, env })
  const post = async (body: string, query = ''): Promise<number> => {
    const headers = { authorization, 'Content-Type': 'application/json' }
    return (await fetch(`${server.url}/xAPI/statements${query}`, { method: 'POST', headers, body })).status
  }
  const good = aStatement()
  const bodies = [
    JSON.stringify([aStatement(), withoutScheme()], null, 2),
    '[{"actor": ',
    JSON.stringify({ ...good, verb: { id: 'https://example.org/another' } })
  ]
  t.equal(await post(JSON.stringify(good)), 200)
  t.strictSame(await Promise.all([post(bodies[0] ?? ''), post(bodies[1] ?? '')]), [400, 400])
  t.equal(await post(bodies[2] ?? ''), 409)
  const partial = JSON.stringify([aStatement(), { ...aStatement(), actor: {} }])
  t.equal(await post(partial, '?partialSuccess=true'), 200)
  await server.stop()

  const { stdout } = await ralph(t, ['rejected', '--json'], { cwd, env })
  const listed = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(
    listed.map(({ error }) => error).sort(),
    ['INVALID_JSON', 'INVALID_STATEMENT', 'INVALID_STATEMENT', 'STATEMENT_CONFLICT'],
    'those that were stored are not there'
  )
  const invalid = listed.find(({ details }) => details.problems !== undefined)
  t.match(invalid, { username: 'jane', details: { problems: [{ index: 1, pointer: '/object/id' }] } })
  t.match(
    listed.find(({ details }) => details.errors !== undefined),
    { message: '1 of 2 statements were rejected.', details: { errors: [{ index: 1 }] } }
  )
  const found = await Promise.all(
    listed.map(async ({ id }) => (await ralph(t, ['rejected', 'show', id], { cwd, env })).stdout)
  )
  t.strictSame(found.sort(), [...bodies, partial].sort())
  t.match(
    (await ralph(t, ['rejected'], { cwd, env })).stdout,
    / {2}jane {2}.*INVALID_STATEMENT: Statement 1 at \/object\/id/
  )
  for (const name of readdirSync(kept)) t.equal(statSync(join(kept, name)).mode & 0o777, 0o600, 'for its owner only')

  const [first, ...rest] = listed.map(({ id }) => id)
  t.match(await ralph(t, ['rejected', 'remove', ...rest], { cwd, env }), { code: 0 })
  t.equal((await ralph(t, ['rejected'], { cwd, env })).stdout.split('\n').length, 2)
  t.match(await ralph(t, ['rejected', 'show', rest[0]], { cwd, env }), {
    code: 1,
    stderr: /There is no rejected request/
  })
  t.match(await ralph(t, ['rejected', 'show', '../auth'], { cwd, env }), { code: 1, stderr: /is not the id/ })
  t.ok(first)
})

t.test('nothing is kept unless it is asked for, and ralph says how', async (t) => {
  t.match(await ralph(t, ['rejected'], { cwd: t.testdir() }), {
    code: 2,
    stderr: /set RALPH_LRS_REJECTED_REQUESTS_DIRECTORY for the server, or use --directory\n$/
  })
})

t.test('what is kept never takes more room than is allowed: the oldest go first, after a restart too', async (t) => {
  const directory = t.testdir()
  let now = 1_700_000_000_000_000
  const open = () => keepRejectedRequests({ directory, maxSize: 10_000, clock: () => (now += 1000), log: aLog() })
  const rejected = (message: string) => ({
    ...{ username: 'jane', version: '1.0.3', contentType: 'application/json', error: 'INVALID_JSON', details: {} },
    message,
    body: Buffer.alloc(2000, 'x')
  })
  const messages = async (): Promise<readonly string[]> => {
    const found: string[] = []
    for await (const { message } of listRejectedRequests(directory)) found.push(message)
    return found
  }
  const first = await open()
  for (let count = 1; count <= 3; count += 1) first.add(rejected(`message ${count}`))
  await first.close()
  const second = await open()
  for (let count = 4; count <= 6; count += 1) second.add(rejected(`message ${count}`))
  await second.close()
  t.strictSame(await messages(), ['message 3', 'message 4', 'message 5', 'message 6'])
  const size = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
  t.ok(size <= 10_000)
})
