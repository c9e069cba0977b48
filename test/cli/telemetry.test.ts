import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startAnswering } from '../support/answering.ts'
import { closedPort } from '../support/closed-port.ts'
import { ralph, runserver } from '../support/ralph-process.ts'
import { receiveDatagrams, receiveStream } from '../support/receivers.ts'
import { aUser } from '../support/users.ts'

const jane = await aUser('jane', 'supersecret')

/** A directory for a server of one user, with this configuration file. */
const anAppDir = (t: Test, config: string) => {
  const cwd = t.testdir()
  mkdirSync(join(cwd, 'app'))
  writeFileSync(join(cwd, 'app', 'auth.json'), JSON.stringify([jane]), { mode: 0o600 })
  writeFileSync(join(cwd, 'ralph.yml'), config)
  return { cwd, env: { RALPH_APP_DIR: join(cwd, 'app'), RALPH_CONFIG: join(cwd, 'ralph.yml') } }
}

const local = ['-h', '127.0.0.1']

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
  const server = await runserver(t, [...local, '--log-format', 'json'], options)
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
