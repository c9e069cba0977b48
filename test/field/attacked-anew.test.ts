import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseForm } from '../../src/http/xapi/request.ts'
import { mergeDefinition, mergeDisplay } from '../../src/xapi/definitions.ts'
import { runserver } from '../support/ralph-process.ts'
import { aUser } from '../support/users.ts'

const jane = await aUser('jane', 'supersecret')

const aServer = (t: Test) => {
  const cwd = t.testdir({ 'auth.json': JSON.stringify([jane]) })
  return runserver(t, ['-h', '127.0.0.1'], { cwd, env: { RALPH_APP_DIR: join(cwd) } })
}

t.test('a client that pipelines requests and reads nothing is cut off, and others are answered', async (t) => {
  const { url } = await aServer(t)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const ended = new Promise((resolve) => socket.once('close', resolve))
  // It is reset, which is what is meant.
  socket.on('error', () => {})
  socket.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2000))
  await new Promise((resolve) => setTimeout(resolve, 500))
  t.equal((await fetch(`${url}/__lbheartbeat__`)).status, 200)
  socket.resume()
  await ended
})

t.test('requests that are pipelined in moderation are answered one by one', async (t) => {
  const { url } = await aServer(t)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
  })
  const head = 'GET /__lbheartbeat__ HTTP/1.1\r\nHost: x\r\n'
  for (let round = 0; round < 5; round += 1) {
    socket.write(`${head}\r\n`.repeat(30))
    while (text.split('HTTP/1.1 200').length <= (round + 1) * 30) await once(socket, 'data')
  }
  t.equal(text.split('HTTP/1.1 200').length, 151, 'of those that were sent, none is missing')
  socket.destroy()
})

t.test('a path with the signs of a pattern is one that is not there', async (t) => {
  const { url } = await aServer(t)
  for (const path of ['/:a(b', '/xAPI/:x(', '/*', '/(']) t.equal((await fetch(url + path)).status, 404, path)
})

t.test('an error repeats little of what was sent', async (t) => {
  const { url } = await aServer(t)
  const name = '\u0001'.repeat(500_000)
  const answer = await fetch(`${url}/xAPI/statements?method=GET`, { method: 'POST', body: `${name}=&${name}=` })
  t.equal(answer.status, 400)
  t.ok((await answer.text()).length < 50_000)
})

t.test('what statements say of one thing together grows to a bound, and no further', async (t) => {
  const extensionsOf = (from: number) =>
    Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`https://example.org/${from + at}`, 'x'.repeat(100)]))
  let definition = mergeDefinition(undefined, { extensions: extensionsOf(0) })
  for (let from = 1000; from < 20_000; from += 1000)
    definition = mergeDefinition(definition, { extensions: extensionsOf(from) })
  t.ok(JSON.stringify(definition).length < 300_000)
  t.ok('https://example.org/1999' in (definition.extensions ?? {}), 'what fits is taken')
  const changed = mergeDefinition(definition, { name: { en: 'Course' } })
  t.match(changed.name, { en: 'Course' }, 'and so is what still fits')
  t.equal(mergeDefinition(definition, { extensions: extensionsOf(90_000) }), definition, 'else nothing changes')

  const tags = (from: number) =>
    Object.fromEntries(Array.from({ length: 8000 }, (_, at) => [`x-${(from + at).toString(36).padStart(5, '0')}`, '']))
  const display = mergeDisplay(tags(0), tags(8000))
  t.equal(Object.keys(display).length, 16_000)
  t.match(mergeDisplay({ 'en-US': 'a' }, { 'en-us': 'b' }), { 'en-US': 'b' })
})

t.test('a partly stored batch of wrong statements is answered with less than is told of each alone', async (t) => {
  const { url } = await aServer(t)
  const headers = {
    authorization: `Basic ${Buffer.from('jane:supersecret').toString('base64')}`,
    'Content-Type': 'application/json'
  }
  const body = JSON.stringify(Array.from({ length: 4000 }, () => ({})))
  const answer = await fetch(`${url}/xAPI/statements?partialSuccess=true`, { method: 'POST', headers, body })
  t.equal(answer.status, 400)
  const { errors } = (await answer.json()) as { errors: readonly { problems?: readonly object[] }[] }
  t.equal(errors.length, 4000)
  t.ok(errors.flatMap(({ problems = [] }) => problems).length < 110)
  t.ok(errors[0]?.problems?.length, 'the first ones are spelled out')
})

t.test('a field of a form that stands for a parameter is bounded as a URL is', async (t) => {
  const { url } = await aServer(t)
  const authorization = `Basic ${Buffer.from('jane:supersecret').toString('base64')}`
  const body = new URLSearchParams({ Authorization: authorization, agent: '['.repeat(100_000) })
  const answer = await fetch(`${url}/xAPI/statements?method=GET`, { method: 'POST', body })
  t.equal(answer.status, 400)
  const setting = 'RALPH_RUNSERVER_MAX_PARAMETER_SIZE'
  t.match(await answer.json(), { error: 'INVALID_PARAMETER', parameter: 'agent', limit: 65_536, setting })
})

t.test('a form is read in one go through its bytes, whatever stands in it', async (t) => {
  const limits = { maxParameters: 100, maxParameterSize: 2 ** 16 }
  for (const sign of ['+', '%41', '%F0%9F%98%80+']) {
    const body = Buffer.from(`content=${sign.repeat(Math.floor(4_000_000 / sign.length))}`)
    const before = process.threadCpuUsage()
    parseForm(body, limits)
    const { user, system } = process.threadCpuUsage(before)
    t.ok(user + system < 200_000, `${sign}: ${(user + system) / 1000} ms`)
  }
})

t.test('a list of millions where one statement is expected is refused, and the server goes on', async (t) => {
  const { url, child } = await aServer(t)
  const headers = {
    authorization: `Basic ${Buffer.from('jane:supersecret').toString('base64')}`,
    'Content-Type': 'application/json'
  }
  const body = `[${'{},'.repeat(5_000_000)}{}]`
  const peak = (): number =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
  const id = '7ccd3322-e1a5-411a-a67d-6a735c76f119'
  for (const [method, query, status] of [
    ['PUT', `?statementId=${id}`, 400],
    ['POST', '', 413]
  ] as const) {
    t.equal((await fetch(`${url}/xAPI/statements${query}`, { method, headers, body })).status, status)
  }
  t.ok(peak() < 400, 'little is kept of it')
})
