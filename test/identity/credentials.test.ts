import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verify } from '@node-rs/bcrypt'
import t from 'tap'
import { readAuthFile } from '../../src/identity/auth-file.ts'
import {
  appendCredentials,
  changePassword,
  createCredentials,
  enableUser,
  formatCredentials,
  type NewUser,
  removeUser
} from '../../src/identity/credentials.ts'

const jane: NewUser = {
  username: 'jane',
  password: 'supersecret',
  scopes: ['all'],
  agent: { mbox: 'mailto:jane@example.org' }
}
const credentials = { ...(await createCredentials(jane)) }

t.test('credentials have a bcrypt hash of the password, of cost 12, and not the password', async (t) => {
  t.match(credentials.hash, /^\$2b\$12\$/)
  t.ok(await verify('supersecret', credentials.hash))
  t.notMatch(formatCredentials(credentials), /supersecret/)
  t.strictSame(Object.keys(credentials), ['agent', 'scopes', 'hash', 'username'])
  t.strictSame(Object.keys(await createCredentials({ ...jane, target: 'course' })), [
    'agent',
    'scopes',
    'target',
    'hash',
    'username'
  ])
})

for (const [what, change, says] of [
  ['an unknown scope', { scopes: ['everything'] }, /"everything" is not a scope/],
  ['a sha1sum of wrong form', { agent: { mbox_sha1sum: 'ABC' } }, /agent\/mbox_sha1sum/],
  ['an mbox that is no address', { agent: { mbox: 'mailto:jane' } }, /agent\/mbox/],
  ['a home page that is no IRI', { agent: { account: { name: 'j', homePage: 'x' } } }, /agent\/account\/homePage/],
  ['an empty username', { username: '' }, /username/],
  ['a username that HTTP Basic cannot say', { username: 'a:b' }, /cannot contain ":"/],
  ['an empty password', { password: '' }, /empty/],
  ['a password of which bcrypt would drop the end', { password: 'é'.repeat(37) }, /more than 72 bytes/]
] as const) {
  t.test(`${what} is refused`, async (t) => {
    await t.rejects(createCredentials({ ...jane, ...change }), { code: 'INVALID_INPUT', message: says })
  })
}

t.test('a file is made, with the directories above it, for its owner only', async (t) => {
  const file = join(t.testdir(), 'a', 'b', 'auth.json')
  await appendCredentials(file, credentials)
  t.strictSame(JSON.parse(readFileSync(file, 'utf8')), [credentials])
  t.equal(readFileSync(file, 'utf8'), JSON.stringify([credentials], null, 2), 'as Ralph writes it')
  if (process.platform !== 'win32') t.equal(statSync(file).mode & 0o777, 0o600)
})

t.test('a user is appended, and what was there stays as it was', async (t) => {
  const file = join(
    t.testdir({ 'auth.json': JSON.stringify([{ ...credentials, username: 'old', note: 'x' }]) }),
    'auth.json'
  )
  chmodSync(file, 0o640)
  await appendCredentials(file, credentials)
  t.strictSame(JSON.parse(readFileSync(file, 'utf8')), [{ ...credentials, username: 'old', note: 'x' }, credentials])
  if (process.platform !== 'win32') t.equal(statSync(file).mode & 0o777, 0o640)
})

t.test('an empty file is a file without users', async (t) => {
  const file = join(t.testdir({ 'auth.json': '\n' }), 'auth.json')
  await appendCredentials(file, credentials)
  t.equal(JSON.parse(readFileSync(file, 'utf8')).length, 1)
})

t.test('a second user of one name, or a broken file, changes nothing', async (t) => {
  const dir = t.testdir({ 'auth.json': JSON.stringify([credentials]), 'broken.json': '[{]' })
  await t.rejects(appendCredentials(join(dir, 'auth.json'), credentials), {
    code: 'INVALID_INPUT',
    message: /auth\.json already has a user "jane"/
  })
  await t.rejects(appendCredentials(join(dir, 'broken.json'), credentials), { code: 'INVALID_AUTH_FILE' })
  t.equal(readFileSync(join(dir, 'auth.json'), 'utf8'), JSON.stringify([credentials]))
  t.equal(readFileSync(join(dir, 'broken.json'), 'utf8'), '[{]')
  t.strictSame(readdirSync(dir).sort(), ['auth.json', 'broken.json'], 'and leaves nothing behind')
})

t.test('many at the same time lose nobody', async (t) => {
  const file = join(t.testdir(), 'auth.json')
  const names = Array.from({ length: 8 }, (_, index) => `user-${index}`)
  await Promise.all(names.map((username) => appendCredentials(file, { ...credentials, username })))
  const written = JSON.parse(readFileSync(file, 'utf8')).map(({ username }: { username: string }) => username)
  t.strictSame(written.sort(), names)
})

t.test('a link to the file stays a link', { skip: process.platform === 'win32' && 'links need rights' }, async (t) => {
  const dir = t.testdir()
  mkdirSync(join(dir, 'real'))
  writeFileSync(join(dir, 'real', 'auth.json'), '[]')
  symlinkSync(join(dir, 'real', 'auth.json'), join(dir, 'auth.json'))
  await appendCredentials(join(dir, 'auth.json'), credentials)
  t.equal(JSON.parse(readFileSync(join(dir, 'real', 'auth.json'), 'utf8')).length, 1)
})

t.test('a password, a disabled user, a removed one: the others and unknown keys stay as they are', async (t) => {
  const other = { ...credentials, username: 'joe', note: 'kept' }
  const file = join(t.testdir({ 'auth.json': JSON.stringify([credentials, other]) }), 'auth.json')
  const read = () => JSON.parse(readFileSync(file, 'utf8'))

  await enableUser(file, 'jane', false)
  t.strictSame(read(), [{ ...credentials, hash: `!${credentials.hash}` }, other])
  await enableUser(file, 'jane', false)
  t.equal(read()[0].hash, `!${credentials.hash}`, 'twice is once')
  t.strictSame(
    (await readAuthFile(file)).users.map(({ disabled }) => disabled),
    [true, false]
  )
  await enableUser(file, 'jane', true)
  t.strictSame(read(), [credentials, other])

  await enableUser(file, 'jane', false)
  await changePassword(file, 'jane', 'new secret')
  t.ok(await verify('new secret', read()[0].hash), 'a new password enables')

  await removeUser(file, 'jane')
  t.strictSame(read(), [other])
  for (const change of [
    () => enableUser(file, 'jane', true),
    () => changePassword(file, 'jane', 'x'),
    () => removeUser(file, 'jane')
  ]) {
    await t.rejects(change(), { code: 'INVALID_INPUT', message: /has no user "jane"; it has: joe/ })
  }
  await t.rejects(changePassword(file, 'joe', 'x'.repeat(73)), { code: 'INVALID_INPUT' })
})

t.test('the shipped auth.json stays as it is: changes go into a copy beside it, which is read instead', async (t) => {
  const shipped = readFileSync('.ralph/auth.json', 'utf8')
  const dir = t.testdir({ 'auth.json': shipped })
  const file = join(dir, 'auth.json')
  const names = async () => (await readAuthFile(file)).users.map(({ principal }) => principal.username)
  t.equal(await appendCredentials(file, credentials), join(dir, 'auth.local.json'))
  t.equal(readFileSync(file, 'utf8'), shipped)
  t.strictSame(await names(), ['janedoe', 'jane'])
  await removeUser(file, 'janedoe')
  t.strictSame(await names(), ['jane'])
  t.equal(readFileSync(file, 'utf8'), shipped)
})
