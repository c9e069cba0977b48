import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { startAnswering } from '../support/answering.ts'
import { closedPort } from '../support/closed-port.ts'
import { ralph, runserver } from '../support/ralph-process.ts'
import { receiveDatagrams, receiveStream } from '../support/receivers.ts'
import { anAppDir, aStatement, ask, local } from '../support/telemetry.ts'

const heartbeat = async (url: string) => {
  const answer = await fetch(`${url}/__heartbeat__`)
  return { status: answer.status, body: await answer.json() }
}

t.test('the blocks health and logger of document 004: what is set is asked, and gets the log', async (t) => {
  const site = await startAnswering(t, () => ({ status: 404 }))
  const syslog = await receiveDatagrams(t)
  const gelf = await receiveStream(t)
  const deadElasticsearch = await closedPort()
  const options = anAppDir(
    t,
    `health:
  endpoints:
    - ${site.url.replace('http://', '')}
    - tcp://127.0.0.1:${gelf.port}
logger:
  - hooks:
      - syslog
      - elastic_search
      - gelf
  - elastic_search:
      username: admin
      password: PASSWORD
      endpoints:
        - 127.0.0.1:${deadElasticsearch}
  - syslog: {endpoint: "127.0.0.1:${syslog.port}"}
  - gelf: {endpoint: "tcp://127.0.0.1:${gelf.port}"}
`
  )
  const server = await runserver(t, local, options)
  t.match(String(await syslog.until((all) => all.includes('Ralph listens on'))), /ralph \d+ - - Ralph listens on/)
  t.match(String(await gelf.until((all) => all.includes('Ralph listens on'))), /"short_message":"Ralph listens on/)
  t.match(server.log(), 'Ralph listens on')
  const { status, body } = await heartbeat(server.url)
  t.equal(status, 200)
  t.match(body, { database: 'ok', endpoints: 'ok', 'log-hooks': 'degraded', detail: /log hook elastic_search/ })
  t.notMatch(JSON.stringify(body), '127.0.0.1')
  t.match(server.log(), `The log hook elastic_search: http://127.0.0.1:${deadElasticsearch} takes no lines`)
  t.same(await server.stop(), { code: 0, signal: null }, 'a dead receiver does not keep the server from ending')
  t.notMatch(server.log(), 'PASSWORD')
})

t.test('an endpoint that is away is told in heartbeat and doctor; one that is required is 503', async (t) => {
  const gone = await closedPort()
  const site = await startAnswering(t, () => ({ status: 503 }))
  const config = `health:\n  - endpoints: [${site.url}/ready, "127.0.0.1:${gone}"]\n`
  const options = anAppDir(t, config)
  const server = await runserver(t, local, options)
  t.match(await heartbeat(server.url), {
    status: 200,
    body: { endpoints: 'degraded', detail: 'endpoints: of 2 endpoints number 1, 2 is away' }
  })
  const doctor = await ralph(t, ['doctor'], options)
  t.equal(doctor.code, 1)
  t.match(
    doctor.stdout,
    `degraded  part endpoints: ${site.url}/ready is away: it answers 503; http://127.0.0.1:${gone}/`
  )
  await server.stop()
  const required = await runserver(t, local, anAppDir(t, `${config}  - required: true\n`))
  t.match(await heartbeat(required.url), { status: 503, body: { endpoints: 'away', database: 'ok' } })
})

const metricsOf = async (log: string, headers: Readonly<Record<string, string>> = {}) => {
  const url = /Metrics are at (http:\S+\/metrics)/.exec(log)?.[1] ?? ''
  const answer = await fetch(url, { headers })
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}

t.test('metrics: what was asked, refused, stored and delivered; no label that a client chooses', async (t) => {
  const receiver = await startAnswering(t, () => ({ status: 503 }))
  const forwarding = {
    url: `${receiver.url}/xAPI/statements`,
    is_active: true,
    basic_username: 'u',
    basic_password: 'p'
  }
  const options = anAppDir(t, 'metrics: {enabled: true, port: 0}\nlogger: {hooks: [syslog]}\n')
  const env = {
    ...options.env,
    RALPH_XAPI_FORWARDINGS: JSON.stringify([{ ...forwarding, max_retries: 0, timeout: 1 }]),
    RALPH_IMPORTS_ENABLED: 'true',
    RALPH_GRPC__ENABLED: 'true',
    RALPH_GRPC__PORT: '0'
  }
  const server = await runserver(t, local, { ...options, env })
  t.equal((await ask(server, 'POST', '/xAPI/statements', [aStatement(), aStatement()])).status, 200)
  const invalid = aStatement({ verb: { id: 'no IRI' }, actor: { mbox: 'nobody' } })
  t.equal((await ask(server, 'POST', '/xAPI/statements', invalid)).status, 400)
  t.equal((await ask(server, 'GET', '/xAPI/statements?limit=1')).status, 200)
  t.equal((await ask(server, 'GET', '/an-invented-path-7')).status, 404)
  t.equal((await fetch(`${server.url}/whoami`)).status, 401)
  while (receiver.received.length === 0) await wait(10)

  const { status, type, text } = await metricsOf(server.log())
  t.equal(status, 200)
  t.match(type, /^text\/plain; version=0\.0\.4/)
  const value = (line: string): number => {
    const found = text.split('\n').find((each) => each.startsWith(`${line} `))
    return Number(found?.slice(line.length))
  }
  t.equal(value('ralph_requests_total{method="POST",route="/xAPI/statements",status="200"}'), 1)
  t.equal(value('ralph_requests_total{method="POST",route="/xAPI/statements",status="400"}'), 1)
  t.equal(value('ralph_requests_total{method="GET",route="none",status="404"}'), 1)
  t.equal(value('ralph_request_duration_seconds_count{method="POST",route="/xAPI/statements"}'), 2)
  t.equal(value('ralph_statements_total{outcome="stored"}'), 2)
  t.equal(value('ralph_rejections_total{code="INVALID_STATEMENT"}'), 1)
  t.equal(value('ralph_rejections_total{code="UNAUTHENTICATED"}'), 1)
  t.equal(value('ralph_broken_rules_total{rule="format/iri"}'), 1)
  t.ok(value('ralph_store_call_duration_seconds_count{call="insert"}') >= 1)
  t.ok(value('ralph_store_call_duration_seconds_sum{call="queryText"}') > 0)
  t.equal(value('ralph_store_calls_in_flight{call="insert"}'), 0)
  t.equal(value('ralph_imports{status="DONE"}'), 0)
  t.match(text, /^ralph_forwarding_trouble\{forwarding="[^"]+"\} 1$/m)
  t.match(text, /^ralph_forwarding_lag_seconds\{forwarding="[^"]+"\} [\d.e-]+$/m)
  t.match(text, /^ralph_forwarding_oldest_undelivered_timestamp_seconds\{forwarding="[^"]+"\} 1\.\d+e\+?9|1\d{9}/m)
  t.equal(value('ralph_part_ok{part="database"}'), 1)
  t.equal(value('ralph_log_hook_dropped_lines_total{hook="syslog"}'), 0)
  t.equal(value('ralph_requests_in_flight'), 0)
  t.ok(value('process_resident_memory_bytes') > 2 ** 20)
  t.ok(value('nodejs_eventloop_lag_max_seconds') > 0)
  t.notMatch(text, /invented|jane|example\.org/)
  t.same(await server.stop(), { code: 0, signal: null })
})

t.test('metrics are shown to programs of this machine, and with a token only to those that have it', async (t) => {
  const config = 'metrics: {enabled: true, port: 0, token: sesame}\n'
  const server = await runserver(t, local, anAppDir(t, config))
  t.match(server.log(), 'Metrics are at http://127.0.0.1:')
  t.match(await metricsOf(server.log()), { status: 401, text: '401\n' })
  t.match(await metricsOf(server.log(), { authorization: 'Bearer sesam' }), { status: 401 })
  t.match(await metricsOf(server.log(), { authorization: 'Bearer sesame' }), { status: 200, text: /ralph_info/ })
  t.equal((await fetch(`${server.url}/metrics`)).status, 404, 'not on the port of the LRS')
  t.notMatch(server.log(), 'sesame')
  const taken = /Metrics are at http:\/\/127\.0\.0\.1:(\d+)/.exec(server.log())?.[1] ?? ''
  const second = await ralph(
    t,
    ['runserver', '--port', '0', '--metrics', '--metrics-port', taken, ...local],
    anAppDir(t)
  )
  t.equal(second.code, 1)
  t.match(second.stderr, `Metrics cannot be shown on 127.0.0.1:${taken} (EADDRINUSE)`)
})
