import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { LoggerSettings } from '../../src/settings/logger.ts'
import { loadTelemetry } from '../../src/settings/telemetry.ts'
import type { LogHook } from '../../src/telemetry/hooks/hook.ts'
import { startHooks } from '../../src/telemetry/hooks/index.ts'
import { createServerLog } from '../../src/telemetry/logger.ts'
import { startAnswering } from '../support/answering.ts'
import { closedPort } from '../support/closed-port.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ask } from '../support/es.ts'
import { receiveDatagrams, receiveStream } from '../support/receivers.ts'
import { sourcesOf } from '../support/settings-of.ts'
import { aTlsWire } from '../support/tls-wire.ts'

const settingsOf = (environment: Readonly<Record<string, string>>): LoggerSettings =>
  loadTelemetry(sourcesOf({ environment })).logger

const aLine = (msg: string, more: object = {}): string =>
  `${JSON.stringify({ level: 'warn', time: '2026-12-01T10:00:00.000Z', ...more, msg })}\n`

const start = (t: Test, environment: Readonly<Record<string, string>>) => {
  const warnings: string[] = []
  const hooks = startHooks(settingsOf(environment), (message) => warnings.push(message))
  t.teardown(() => Promise.all(hooks.map((hook) => hook.close())))
  const [hook] = hooks
  if (hook === undefined) throw new Error('there is no hook')
  return { hook, warnings }
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await wait(5)
}

const syslogTo = (scheme: string, port: number) => ({
  RALPH_LOGGER__HOOKS: 'syslog',
  RALPH_LOGGER__SYSLOG__ENDPOINT: `${scheme}://${scheme === 'tls' ? 'localhost' : '127.0.0.1'}:${port}`
})

const rfc5424 = /<28>1 2026-12-01T10:00:00\.000Z \S+ ralph \d+ - - The store is not well\\nfor long/

t.test('syslog by UDP: a datagram of RFC 5424 for each line', async (t) => {
  const receiver = await receiveDatagrams(t)
  const { hook } = start(t, syslogTo('udp', receiver.port))
  hook.write(aLine('The store is not well\nfor long'))
  hook.write(aLine('second'))
  await receiver.until((all) => all.includes('second'))
  t.equal(receiver.received.length, 2)
  t.match(String(receiver.received[0]), new RegExp(`^${rfc5424.source}$`))
})

t.test('syslog by TCP: each message follows its length, as RFC 6587 says', async (t) => {
  const receiver = await receiveStream(t)
  const { hook } = start(t, syslogTo('tcp', receiver.port))
  hook.write(aLine('first'))
  hook.write(aLine('The store is not well\nfor long'))
  const all = await receiver.until((bytes) => bytes.includes('for long'))
  const [, length = '', rest = ''] = /^(\d+) (.*)$/.exec(String(all)) ?? []
  t.match(rest.slice(0, Number(length)), /ralph \d+ - - first$/)
  t.match(rest.slice(Number(length)), rfc5424)
})

t.test('a receiver that comes back gets the lines that waited', async (t) => {
  const port = await closedPort()
  const { hook, warnings } = start(t, syslogTo('tcp', port))
  hook.write(aLine('before'))
  await until(() => warnings.length === 1)
  t.match(warnings[0], /^The log hook syslog: tcp:\/\/127\.0\.0\.1:\d+ takes no lines: .*ECONNREFUSED/)
  t.match(hook.health(), { state: 'degraded', hint: 'the log hook syslog takes no lines' })
  const receiver = await receiveStream(t, { port })
  hook.write(aLine('after'))
  const all = String(await receiver.until((bytes) => bytes.includes('after')))
  t.ok(all.indexOf('before') < all.indexOf('after'))
  await until(() => warnings.length === 2)
  t.match(warnings[1], /takes lines again; 0 were dropped/)
  t.same(hook.health(), { state: 'ok' })
})

t.test('a dead receiver costs no more than the queue: the oldest lines are dropped, and counted', async (t) => {
  const port = await closedPort()
  const { hook, warnings } = start(t, { ...syslogTo('tcp', port), RALPH_LOGGER__QUEUE: '100' })
  const before = performance.eventLoopUtilization()
  for (let count = 1; count <= 1000; count += 1) hook.write(aLine(`line ${count}.`))
  t.ok(hook.waiting() <= 110, 'no more are kept')
  t.ok(hook.dropped() >= 890)
  t.ok(performance.eventLoopUtilization(before).active < 5000)
  await until(() => warnings.length === 1)
  const receiver = await receiveStream(t, { port })
  const all = String(await receiver.until((bytes) => bytes.includes('line 1000.')))
  t.notMatch(all, 'line 1.')
  await until(() => warnings.length === 2)
  t.match(warnings[1], /\d{3} were dropped meanwhile/)
})

t.test('a receiver that never reads stops nobody', async (t) => {
  const receiver = await receiveStream(t, { reads: false })
  const { hook } = start(t, { ...syslogTo('tcp', receiver.port), RALPH_LOGGER__QUEUE: '100' })
  const long = 'x'.repeat(8000)
  for (let count = 0; count < 2000; count += 1) {
    hook.write(aLine(long))
    if (count % 100 === 0) await wait(1)
  }
  t.ok(hook.waiting() <= 110)
  t.ok(hook.dropped() > 0)
  const began = performance.now()
  await hook.close()
  t.ok(performance.now() - began < 10_000, 'nor the end of the server')
})

t.test('GELF: fields, chunks by UDP, null bytes by TCP', async (t) => {
  const to = (scheme: string, port: number) => ({
    RALPH_LOGGER__HOOKS: 'gelf',
    RALPH_LOGGER__GELF__ENDPOINT: `${scheme}://127.0.0.1:${port}`
  })
  const request = { method: 'GET', path: '/xAPI/statements', status: 200, remote: '127.0.0.1', ms: 1.5, user: 'jane' }
  const stream = await receiveStream(t)
  const { hook: byTcp } = start(t, to('tcp', stream.port))
  byTcp.write(aLine('answered', request))
  byTcp.write(aLine('failed', { err: { message: 'no', stack: 'Error: no\n    at once' } }))
  const [one = '', two = ''] = String(await stream.until((all) => all.filter((byte) => byte === 0).length === 2)).split(
    '\0'
  )
  t.match(JSON.parse(one), {
    version: '1.1',
    level: 4,
    timestamp: Date.parse('2026-12-01T10:00:00.000Z') / 1000,
    short_message: '127.0.0.1 jane GET /xAPI/statements 200 1.5 ms',
    _status: '200'
  })
  t.match(JSON.parse(two), { short_message: 'failed', full_message: 'failed\nError: no\n    at once' })

  const datagrams = await receiveDatagrams(t)
  const { hook: byUdp } = start(t, to('udp', datagrams.port))
  byUdp.write(aLine('y'.repeat(20_000)))
  while (datagrams.received.length < 3) await wait(5)
  t.ok(datagrams.received.every((each) => each[0] === 0x1e && each[1] === 0x0f && each[11] === 3))
  const whole = Buffer.concat(datagrams.received.map((each) => each.subarray(12)))
  t.equal(JSON.parse(String(whole)).short_message.length, 20_000)
})

t.test(
  'Elasticsearch: user and password are sent, refused lines are counted, a busy server is asked again',
  async (t) => {
    const created = (...statuses: number[]) => ({ items: statuses.map((status) => ({ create: { status } })) })
    const server = await startAnswering(t, (_, count) =>
      count === 1 ? { body: created(429, 429) } : { body: created(201, 400) }
    )
    const { hook, warnings } = start(t, {
      RALPH_LOGGER__HOOKS: '["elastic_search"]',
      RALPH_LOGGER__ELASTIC_SEARCH__ENDPOINTS: JSON.stringify([new URL(server.url).host]),
      RALPH_LOGGER__ELASTIC_SEARCH__USERNAME: 'admin',
      RALPH_LOGGER__ELASTIC_SEARCH__PASSWORD: 'PASSWORD'
    })
    hook.write(aLine('one'))
    hook.write(aLine('two'))
    await until(() => hook.dropped() === 1 && warnings.length === 2)
    t.equal(server.received.length, 2)
    t.match(server.received[1], {
      method: 'POST',
      url: '/ralph-logs/_bulk',
      headers: { authorization: `Basic ${Buffer.from('admin:PASSWORD').toString('base64')}` }
    })
  }
)

const engine = await engineFor('es')
t.test(
  'Elasticsearch by TLS, as document 004 writes it',
  { skip: 'missing' in engine && engine.missing },
  async (t) => {
    if ('missing' in engine) return
    const index = `test-logs-${randomUUID()}`
    t.teardown(() => ask(engine.url, 'DELETE', index))
    const { origin, certificateFile } = await aTlsWire(t, engine.url)
    const { hook } = start(t, {
      RALPH_LOGGER__HOOKS: 'elastic_search',
      RALPH_LOGGER__ELASTIC_SEARCH__ENDPOINTS: origin.replace('https://', ''),
      RALPH_LOGGER__ELASTIC_SEARCH__CA_CERT: readFileSync(certificateFile).toString('base64'),
      RALPH_LOGGER__ELASTIC_SEARCH__INDEX: index
    })
    hook.write(aLine('answered', { method: 'gRPC', path: '/ralph.v1.Statements/Write', status: 'OK', ms: 3 }))
    hook.write(aLine('answered', { method: 'GET', path: '/xAPI/statements', status: 200, ms: 1.25 }))
    await hook.close()
    t.equal(hook.dropped(), 0)
    await ask(engine.url, 'POST', `${index}/_refresh`)
    const found = await ask(engine.url, 'GET', `${index}/_search?q=labels.status:200`)
    t.match(found, {
      hits: { total: { value: 1 }, hits: [{ _source: { log: { level: 'WARNING' }, service: { name: 'ralph' } } }] }
    })
    t.match(await ask(engine.url, 'GET', `${index}/_count`), { count: 2 })
  }
)

t.test('a hook that nothing listens to changes nothing of the log itself', async (t) => {
  const { logger, attach } = createServerLog('CRITICAL', 'json')
  const lines: string[] = []
  const detach = attach((line) => lines.push(line))
  logger.fatal({ password: 'secret' }, 'This line is part of a test')
  detach()
  logger.fatal('This line is part of a test, too')
  t.equal(lines.length, 1)
  t.match(JSON.parse(lines[0] ?? ''), { level: 'fatal', password: '(not shown)' })
})

t.test('settings that contradict each other are refused', async (t) => {
  const refusal = (environment: Readonly<Record<string, string>>) => t.throws(() => settingsOf(environment))
  refusal({ RALPH_LOGGER__HOOKS: 'syslog,carrier_pigeon' })
  refusal({ RALPH_LOGGER__HOOKS: 'elastic_search', RALPH_LOGGER__ELASTIC_SEARCH__USERNAME: 'admin' })
  refusal({ RALPH_LOGGER__ELASTIC_SEARCH__CA_CERT: 'BASE64XXXXXXXX' })
  const hooks: readonly LogHook[] = startHooks(settingsOf({}), () => {})
  t.same(hooks, [])
})
