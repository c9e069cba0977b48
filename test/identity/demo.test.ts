import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hash, verify } from '@node-rs/bcrypt'
import t from 'tap'
import { demoHash } from '../../src/identity/demo.ts'
import { openPasswords } from '../../src/identity/passwords.ts'
import { aLog, aUser, identitySettings, writeUsers } from '../support/users.ts'

const shipped = fileURLToPath(new URL('../../.ralph/auth.json', import.meta.url))

t.test('the auth file of the tutorial has one user, janedoe, with the demo hash of "supersecret"', async (t) => {
  t.match(JSON.parse(readFileSync(shipped, 'utf8')), [{ username: 'janedoe', hash: demoHash, scopes: ['all'] }])
  t.ok(await verify('supersecret', demoHash))
})

t.test('the demo user is accepted where that is allowed, and the log says so at start', async (t) => {
  const log = aLog()
  const { announce, verify } = await openPasswords(identitySettings(shipped, { allowDemoCredentials: true }), log)
  t.same(log.lines, [], 'nothing before the server listens')
  announce()
  t.match(log.lines, [/warn User "janedoe" has the well-known demo password and is accepted/])
  t.match(log.lines[0], `ralph auth --auth-file ${JSON.stringify(shipped)} --username`)
  t.match(await verify('janedoe', 'supersecret'), { username: 'janedoe' })
})

t.test('elsewhere the demo user is refused, and the log says why, at start and when it is tried', async (t) => {
  const log = aLog()
  const { announce, verify } = await openPasswords(identitySettings(shipped), log)
  announce()
  t.equal(await verify('janedoe', 'supersecret'), undefined)
  t.equal(await verify('janedoe', 'supersecret'), undefined)
  t.equal(log.lines.length, 2, 'a client that tries again and again does not fill the log')
  for (const line of log.lines)
    t.match(line, /warn .*is refused.*RALPH_ALLOW_DEMO_CREDENTIALS=true.*ralph auth --auth-file "/)
})

t.test('a hash of the same password that somebody made is a user like any other', async (t) => {
  const file = join(t.testdir(), 'auth.json')
  await writeUsers(file, [await aUser('janedoe', '', { hash: await hash('supersecret', 4) })])
  const log = aLog()
  const { verify } = await openPasswords(identitySettings(file), log)
  t.ok(await verify('janedoe', 'supersecret'))
  t.strictSame(log.lines, [])
})
