import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { RalphError } from '../../src/errors.ts'
import { openWhenReady } from '../../src/storage/open-when-ready.ts'
import { closedPort } from '../support/closed-port.ts'
import { backendOf } from '../support/engine-variables.ts'
import { missingEngine } from '../support/engines/engine-for.ts'
import { placeFor } from '../support/lrs-place.ts'
import { ralph, startRalph } from '../support/ralph-process.ts'

/** From now on, what comes to the port reaches the engine. */
const forward = async (t: Test, port: number, url: string): Promise<void> => {
  const target = new URL(url)
  const server = createServer((from) => {
    const to = connect(Number(target.port), target.hostname)
    from.pipe(to).pipe(from)
    const end = (): void => {
      from.destroy()
      to.destroy()
    }
    from.on('error', end)
    to.on('error', end)
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
}

const settings = (t: Test) => ({ RALPH_APP_DIR: t.testdir(), RALPH_AUTH_FILE: resolve('.ralph/auth.json') })
const here = ['runserver', '--host', '127.0.0.1', '--port', '0']

const { RALPH_TEST_BACKEND: only } = process.env

for (const [name, pattern] of [
  ['es', /^http:\/\/[^/]+/],
  ['mongo', /^mongodb:\/\/[^/]+/],
  ['postgres', /^postgres(?:ql)?:\/\/[^/]+/],
  ['clickhouse', undefined]
] as const) {
  if (only !== undefined && only !== name) continue
  const skip = missingEngine(name) ?? false
  t.test(`${name}: a server that is started before its engine waits for it`, { skip }, async (t) => {
    const place = await placeFor(t, name, join(t.testdir(), 'data'), `t_wait_${process.pid}_${Date.now()}`)
    if ('missing' in place) throw new Error(place.missing)
    const port = await closedPort()
    let url = ''
    const moved = [...place].map(([variable, value]) => {
      if (pattern === undefined) {
        if (variable.endsWith('__PORT')) url = `http://127.0.0.1:${value}`
        return [variable, variable.endsWith('__PORT') ? String(port) : value]
      }
      const [found] = pattern.exec(value) ?? []
      if (found === undefined) return [variable, value]
      url = value
      const through = new URL(value)
      through.port = String(port)
      through.hostname = '127.0.0.1'
      return [variable, through.href.replace(/\/$/, '')]
    })
    const child = startRalph(t, [...here, '-b', backendOf[name]], {
      env: { ...settings(t), ...Object.fromEntries(moved) }
    })
    let log = ''
    const said = async (words: string) => {
      for (let tries = 0; !log.includes(words) && child.exitCode === null && tries < 600; tries += 1) await wait(100)
      t.ok(log.includes(words), `${words}: ${log}`)
    }
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
    await said('RALPH_RUNSERVER_WAIT_FOR_BACKEND')
    await forward(t, port, url)
    await said('Ralph listens on')
    child.kill('SIGTERM')
    t.same((await once(child, 'close'))[0], 0)
  })
}

t.test('the wait ends: the error is told as if there had been none', async (t) => {
  const port = await closedPort()
  const words = [...here, '-b', 'es', '--es-hosts', `http://127.0.0.1:${port}`, '--wait-for-backend', '1']
  const { code, stderr } = await ralph(t, words, { env: settings(t) })
  t.equal(code, 1)
  t.match(stderr, /Trying again for 1 s.*\n(?:.*\n)*Error: .*unreachable.*\n$/)
})

t.test('SIGTERM ends the wait at once', async (t) => {
  const port = await closedPort()
  const child = startRalph(t, [...here, '-b', 'es', '--es-hosts', `http://127.0.0.1:${port}`], { env: settings(t) })
  for await (const text of child.stderr ?? []) if (String(text).includes('Trying again')) break
  child.kill('SIGTERM')
  const [code, signal] = await once(child, 'exit')
  t.not(code, 0)
  t.ok(signal === 'SIGTERM' || code === 1)
})

const never: LrsBackend['status'] = async () => ({ state: 'ok' })

t.test('what will not pass is not waited for', async (t) => {
  for (const error of [
    new RalphError('STORE_CORRUPT', 'damaged', { retryAfter: 1 }),
    new RalphError('STORE_UNAVAILABLE', 'lacks rights'),
    new TypeError('a defect')
  ]) {
    let opened = 0
    const open = () => {
      opened += 1
      return { store: async () => Promise.reject(error), status: never, close: async () => {} }
    }
    const waiting = { patience: 60, warn: () => t.fail('nothing is waited for'), signal: new AbortController().signal }
    await t.rejects(openWhenReady(open, waiting), error)
    t.equal(opened, 1)
  }
})
