import { randomInt, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { aFreePort } from '../support/answering.ts'
import { until } from '../support/postgres.ts'
import { type RunningRalph, ralph, runserver } from '../support/ralph-process.ts'
import { aUser, writeUsers } from '../support/users.ts'

/**
 * Two servers, of which one forwards to the other, are killed at random while statements are stored. The long form:
 *   RALPH_TEST_FORWARDED=100000 RALPH_TEST_FORWARDED_KILLS=20 TAP_TIMEOUT=3600 node test/forwarding/killed.test.ts
 */
const { RALPH_TEST_FORWARDED: wanted = '400', RALPH_TEST_FORWARDED_KILLS: kills = '4' } = process.env
const [count, rounds] = [Number(wanted), Number(kills)]
const headers = {
  authorization: `Basic ${Buffer.from('jane:secret').toString('base64')}`,
  'content-type': 'application/json',
  'x-experience-api-version': '1.0.3'
}

const statement = (id: string) => ({
  id,
  actor: { mbox: 'mailto:a@example.org' },
  verb: { id: 'http://adlnet.gov/expapi/verbs/experienced' },
  object: { id: 'http://example.org/activity' },
  timestamp: '2026-11-30T12:00:00Z'
})

/** All ids of a store, in its order. */
const allIds = async (url: string): Promise<string[]> => {
  const ids: string[] = []
  for (let path = '/xAPI/statements?ascending=true&limit=1000'; path !== ''; ) {
    const answer = await fetch(`${url}${path}`, { headers })
    const { statements, more } = JSON.parse(await answer.text())
    ids.push(...statements.map(({ id }: { id: string }) => id))
    path = more ?? ''
  }
  return ids
}

t.test(
  `${count} statements are forwarded, both sides are killed ${rounds} times: equal sets, none doubled`,
  async (t) => {
    const directory = t.testdir({ here: {}, there: {} })
    const [here, there] = [join(directory, 'here'), join(directory, 'there')]
    const authFile = join(here, 'auth.json')
    await writeUsers(authFile, [await aUser('jane', 'secret')])
    const env = { RALPH_AUTH_FILE: authFile, RALPH_LOG_LEVEL: 'INFO' }
    const startReceiver = (port = '0'): Promise<RunningRalph> =>
      runserver(t, ['--host', '127.0.0.1', '--port', port], { env: { ...env, RALPH_APP_DIR: there } })
    let receiver = await startReceiver()
    const { port } = new URL(receiver.url)
    const forwarding = {
      url: `${receiver.url}/xAPI/statements`,
      ...{ basic_username: 'jane', basic_password: 'secret', timeout: 5, max_retries: 1, name: 'there', batch_size: 20 }
    }
    const own = { ...env, RALPH_APP_DIR: here, RALPH_XAPI_FORWARDINGS: JSON.stringify([forwarding]) }
    const startSender = (): Promise<RunningRalph> => runserver(t, ['--host', '127.0.0.1'], { env: own })
    let sender = await startSender()

    const posted: string[] = []
    /** A batch that may be stored, or not: it is sent again until it is. */
    const post = async (ids: readonly string[]): Promise<void> => {
      const body = JSON.stringify(ids.map(statement))
      for (;;) {
        const answer = await fetch(`${sender.url}/xAPI/statements`, { method: 'POST', headers, body }).catch(
          () => undefined
        )
        if (answer?.status === 200) break
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      posted.push(...ids)
    }
    const share = Math.ceil(count / rounds)
    for (let round = 0; round < rounds; round += 1) {
      const storing = (async () => {
        for (let left = share; left > 0; left -= 100) {
          await post(Array.from({ length: Math.min(100, left) }, () => randomUUID()))
        }
      })()
      // At any moment while statements come in and go on.
      await new Promise((resolve) => setTimeout(resolve, randomInt(20, 20 + Math.min(3000, share))))
      const [isSender, isReceiver] = [round % 3 !== 1, round % 3 !== 0]
      if (isSender) await sender.stop('SIGKILL')
      if (isReceiver) await receiver.stop('SIGKILL')
      if (isReceiver) receiver = await startReceiver(port)
      if (isSender) sender = await startSender()
      await storing
    }
    await until(async () =>
      JSON.stringify(await (await fetch(`${sender.url}/__heartbeat__`)).json()).includes('forwarding')
    )
    let found: readonly string[] = []
    const limit = Date.now() + 30_000 + count * 10
    while (found.length < posted.length && Date.now() < limit) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      found = await allIds(receiver.url)
    }
    t.equal(found.length, new Set(found).size, 'none is there twice')
    t.strictSame([...found].sort(), [...posted].sort(), 'all, and no other')
    t.strictSame(found, await allIds(sender.url), 'in the order in which they were stored')
    t.notMatch(sender.log(), /secret/)
  }
)

t.test('a forwarding to the server itself is refused at the start', async (t) => {
  const directory = t.testdir()
  await writeUsers(join(directory, 'auth.json'), [await aUser('jane', 'secret')])
  const forwardings = JSON.stringify([{ url: 'http://127.0.0.1:18123/xAPI/statements' }])
  const { code, stderr } = await ralph(t, ['runserver', '--host', '127.0.0.1', '--port', '18123'], {
    env: { RALPH_APP_DIR: directory, RALPH_XAPI_FORWARDINGS: forwardings }
  })
  t.equal(code, 2)
  t.match(stderr, /would forward to this server itself/)
})

t.test('in a circle of two, each statement makes one round', async (t) => {
  const directory = t.testdir({ one: {}, two: {} })
  const authFile = join(directory, 'auth.json')
  await writeUsers(authFile, [await aUser('jane', 'secret')])
  const env = { RALPH_AUTH_FILE: authFile, RALPH_LOG_LEVEL: 'INFO' }
  const start = (name: string, port: string, to: string): Promise<RunningRalph> => {
    const forwarding = { url: `${to}/xAPI/statements`, basic_username: 'jane', basic_password: 'secret', name: 'other' }
    const own = { RALPH_APP_DIR: join(directory, name), RALPH_XAPI_FORWARDINGS: JSON.stringify([forwarding]) }
    return runserver(t, ['--host', '127.0.0.1', '--port', port], { env: { ...env, ...own } })
  }
  const port = await aFreePort()
  const one = await start('one', '0', `http://127.0.0.1:${port}`)
  const two = await start('two', String(port), one.url)
  const ids = [randomUUID(), randomUUID()]
  for (const [index, { url }] of [one, two].entries()) {
    const body = JSON.stringify(statement(ids[index] ?? ''))
    t.equal((await fetch(`${url}/xAPI/statements`, { method: 'POST', headers, body })).status, 200)
  }
  const statuses = async (): Promise<readonly { delivered: number; deadLetters: number }[]> =>
    Promise.all(
      [one, two].map(
        async ({ url }) => JSON.parse(await (await fetch(`${url}/forwardings`, { headers })).text()).forwardings[0]
      )
    )
  await until(async () => (await statuses()).every(({ delivered }) => delivered >= 2))
  const before = await statuses()
  // A round takes milliseconds: one that did not end would be seen.
  await new Promise((resolve) => setTimeout(resolve, 1000))
  t.same(await statuses(), before)
  t.match(before, [
    { delivered: 2, deadLetters: 0 },
    { delivered: 2, deadLetters: 0 }
  ])
  for (const { url } of [one, two]) t.strictSame((await allIds(url)).sort(), [...ids].sort())
})
