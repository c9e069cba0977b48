import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ralph, runserver, startRalph } from '../support/ralph-process.ts'
import { aUser } from '../support/users.ts'

const jane = await aUser('jane', 'supersecret')
const kim = await aUser('kim', 'supersecret', { target: 'school' })
const users = JSON.stringify([jane, kim])
const basic = (user: string): string => `Basic ${Buffer.from(`${user}:supersecret`).toString('base64')}`
const authorization = basic('jane')

const aStatement = (batch: string) => ({
  id: randomUUID(),
  actor: { mbox: 'mailto:ada@example.org' },
  verb: { id: 'http://adlnet.gov/expapi/verbs/completed' },
  object: { id: `https://example.org/batches/${batch}` }
})

const post = (url: string, body: unknown, headers = { authorization }): Promise<Response> =>
  fetch(`${url}/xAPI/statements`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(body)
  })

/** Every statement that the server has, by `more`. */
const everything = async (url: string): Promise<readonly { id: string; object: { id: string } }[]> => {
  const all: { id: string; object: { id: string } }[] = []
  for (let next = '/xAPI/statements'; next !== ''; ) {
    const response = await fetch(new URL(next, url), { headers: { authorization } })
    const page = (await response.json()) as { statements: typeof all; more?: string }
    all.push(...page.statements)
    next = page.more ?? ''
  }
  return all
}

const batchSize = 3

/** Sends batches without a pause until it is stopped; knows which were acknowledged. */
const writer = (url: string) => {
  const acknowledged: string[] = []
  let stopped = false
  const loop = async (): Promise<void> => {
    for (let count = 0; !stopped; count += 1) {
      const batch = randomUUID()
      const response = await post(
        url,
        Array.from({ length: batchSize }, () => aStatement(batch))
      )
      if (response.status !== 200) throw new Error(await response.text())
      acknowledged.push(batch)
      const profile = `${url}/xAPI/activities/profile?activityId=https://example.org/course&profileId=p${count % 5}`
      const changed = await fetch(profile, {
        method: 'POST',
        headers: { authorization, 'Content-Type': 'application/json' },
        body: JSON.stringify({ count })
      })
      if (!changed.ok) throw new Error(await changed.text())
    }
  }
  const loops = Promise.all([loop(), loop()])
  return {
    acknowledged,
    stop: async (): Promise<void> => {
      stopped = true
      await loops
    }
  }
}

const batchesOf = (statements: readonly { object: { id: string } }[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { object } of statements) counts.set(object.id, (counts.get(object.id) ?? 0) + 1)
  return counts
}

const layout = (backend: string, directory: string): Readonly<Record<string, string>> => ({
  RALPH_APP_DIR: directory,
  RALPH_RUNSERVER_BACKEND: backend,
  RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH: join(directory, 'data')
})

const anAppDir = (t: Test, backend: string) => {
  const cwd = t.testdir({ live: { 'auth.json': users }, other: {} })
  return { cwd, live: layout(backend, join(cwd, 'live')), other: layout(backend, join(cwd, 'other')) }
}

for (const backend of ['sqlite', 'fs']) {
  t.test(`${backend}: backups are made while clients write, and one of them is a server again elsewhere`, async (t) => {
    const { cwd, live, other } = anAppDir(t, backend)
    const server = await runserver(t, ['-h', '127.0.0.1'], { cwd, env: live })
    await post(server.url, aStatement('kim'), { authorization: basic('kim') })
    const clients = writer(server.url)
    for (const name of ['first', 'second']) {
      const before = [...clients.acknowledged]
      const made = await ralph(t, ['backup', name], { cwd, env: live })
      t.equal(made.code, 0, made.stderr)
      const report = JSON.parse(made.stdout)
      t.match(report.targets, [{ target: null }, { target: 'school', contents: { statements: 1 } }])
      t.ok(report.targets[0].contents.statements >= before.length * batchSize)
      t.equal(statSync(join(cwd, name)).mode & 0o777, 0o700, 'only its owner reads it')
    }
    const before = [...clients.acknowledged]
    t.match(await ralph(t, ['backup', 'last'], { cwd, env: live }), { code: 0 })
    await clients.stop()
    t.equal((await everything(server.url)).length, clients.acknowledged.length * batchSize, 'nobody was disturbed')
    t.match(await ralph(t, ['restore', 'last'], { cwd, env: live }), { code: 1, stderr: /is there already: --replace/ })
    t.match(await ralph(t, ['restore', 'last', '--replace'], { cwd, env: live }), {
      code: 1,
      stderr: /another process writes to/
    })

    const checked = await ralph(t, ['restore', '--check', 'last'], { cwd, env: other })
    t.match(checked, { code: 0, stdout: /"sound":true/ })
    t.notOk(existsSync(join(cwd, 'other', 'auth.json')), 'a check changes nothing')
    t.match(await ralph(t, ['restore', 'last'], { cwd, env: other }), { code: 0 })
    const restored = await runserver(t, ['-h', '127.0.0.1'], { cwd, env: other })
    const statements = await everything(restored.url)
    const batches = batchesOf(statements)
    t.strictSame(new Set(batches.values()), new Set([batchSize]), 'no batch is there by half')
    for (const batch of before)
      t.ok(batches.has(`https://example.org/batches/${batch}`), 'what was acknowledged is there')
    t.equal((await post(restored.url, aStatement('after'))).status, 200, 'and it goes on')
    t.match(readdirSync(cwd).sort(), ['first', 'last', 'live', 'other', 'second'], 'nothing else is left')
  })

  t.test(`${backend}: what is there is moved aside, and only by a backup that is sound`, async (t) => {
    const { cwd, live } = anAppDir(t, backend)
    const run = (...words: readonly string[]) => ralph(t, words, { cwd, env: live })
    const first = await runserver(t, ['-h', '127.0.0.1'], { cwd, env: live })
    await post(first.url, [aStatement('saved'), aStatement('saved')])
    t.match(await run('backup', 'saved'), { code: 0 })
    await post(first.url, aStatement('later'))
    await first.stop('SIGTERM')

    const [file = ''] = readdirSync(join(cwd, 'saved', 'store')).filter(
      (name) => !name.startsWith('.') && name !== 'school'
    )
    t.match(await run('backup', 'saved'), { code: 1, stderr: /exists already: name a new directory\n$/ })
    t.match(await ralph(t, ['restore', 'nowhere'], { cwd, env: live }), { code: 1, stderr: /is not a backup/ })
    const { code } = await run('restore', 'saved', '--replace')
    t.equal(code, 0)
    const second = await runserver(t, ['-h', '127.0.0.1'], { cwd, env: live })
    t.equal((await everything(second.url)).length, 2, 'as when it was saved')
    await second.stop('SIGTERM')
    const home = backend === 'fs' ? join(cwd, 'live', 'data') : join(cwd, 'live')
    const aside = readdirSync(home).filter((name) => name.startsWith('replaced-'))
    t.equal(aside.length, 1)
    t.ok(existsSync(join(home, aside[0] ?? '', file)), 'what was replaced is kept')

    appendFileSync(join(cwd, 'saved', 'store', file), 'x')
    const damaged = await run('restore', 'saved', '--replace')
    t.match(damaged, { code: 1, stderr: /is not what was backed up: use another backup\n$/ })
    t.match(await run('restore', '--check', 'saved'), { code: 1 })
    const third = await runserver(t, ['-h', '127.0.0.1'], { cwd, env: live })
    t.equal((await everything(third.url)).length, 2, 'a damaged backup replaces nothing')
  })
}

t.test('a backup that is killed leaves nothing that could be taken for one, and the next one works', async (t) => {
  const { cwd, live } = anAppDir(t, 'sqlite')
  const server = await runserver(t, ['-h', '127.0.0.1'], { cwd, env: live })
  for (let batch = 0; batch < 20; batch += 1) {
    await post(
      server.url,
      Array.from({ length: 500 }, () => aStatement(`batch-${batch}`))
    )
  }
  const killed = startRalph(t, ['backup', 'saved'], { cwd, env: live })
  while (!existsSync(join(cwd, 'saved.partial'))) await new Promise((resolve) => setTimeout(resolve, 2))
  killed.kill('SIGKILL')
  t.notOk(existsSync(join(cwd, 'saved')))
  t.match(await ralph(t, ['backup', 'saved'], { cwd, env: live }), { code: 0, stdout: /"statements":10000/ })
  t.strictSame(readdirSync(cwd).sort(), ['live', 'other', 'saved'])
  t.match(JSON.parse(readFileSync(join(cwd, 'saved', 'auth.json'), 'utf8')), [
    { username: 'jane' },
    { username: 'kim' }
  ])
})

t.test('databases have tools of their own, and it is said which; an empty directory is no backup', async (t) => {
  const { cwd, live, other } = anAppDir(t, 'sqlite')
  for (const [backend, tool] of [
    ['es', /snapshots/],
    ['mongo', /mongodump/],
    ['postgres', /pg_dump/],
    ['clickhouse', /BACKUP/],
    ['memory', /stores nothing/]
  ] as const) {
    for (const command of ['backup', 'restore']) {
      t.match(await ralph(t, [command, '-b', backend, 'x'], { cwd, env: live }), { code: 2, stderr: tool }, backend)
    }
  }
  t.match(await ralph(t, ['backup', 'x'], { cwd, env: other }), { code: 1, stderr: /nothing was backed up\n$/ })
  t.notOk(existsSync(join(cwd, 'x')))
})
