import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAuthFile, readAuthFile, stateOfAuthFile } from '../../src/identity/auth-file.ts'

const hash = '$2b$12$lBBFTIJh1jvS6q8NWJycKe2Jc05SqL5fX0lyuZBxf1UpPKzDhNwmS'
const janedoe = { agent: { mbox: 'mailto:j@example.org' }, scopes: ['all'], hash, username: 'janedoe' }

const parse = (...entries: readonly unknown[]) => parseAuthFile(JSON.stringify(entries), '/app/auth.json')

t.test('a user of Ralph is read with agent, scopes, target and hash', async (t) => {
  const { users } = parse(
    { ...janedoe, target: 'course' },
    {
      username: 'account',
      hash,
      scopes: ['statements/read/mine', 'statements/write'],
      agent: { objectType: 'Agent', name: 'A', account: { homePage: 'https://example.org', name: 'a' } }
    }
  )
  t.strictSame(users, [
    {
      hash,
      disabled: false,
      principal: {
        username: 'janedoe',
        scopes: ['all'],
        agent: { objectType: 'Agent', mbox: 'mailto:j@example.org' },
        target: 'course'
      }
    },
    {
      hash,
      disabled: false,
      principal: {
        username: 'account',
        scopes: ['statements/read/mine', 'statements/write'],
        agent: { objectType: 'Agent', name: 'A', account: { homePage: 'https://example.org', name: 'a' } }
      }
    }
  ])
})

t.test('the nulls that Ralph 4 wrote for what is not there are passed over', async (t) => {
  const { users } = parse({ ...janedoe, target: null, agent: { ...janedoe.agent, name: null, objectType: 'Agent' } })
  t.strictSame(users[0]?.principal, {
    username: 'janedoe',
    scopes: ['all'],
    agent: { objectType: 'Agent', mbox: 'mailto:j@example.org' }
  })
})

t.test('every prefix of bcrypt that Ralph takes is taken', async (t) => {
  for (const prefix of ['$2a$', '$2b$', '$2y$']) {
    t.doesNotThrow(() => parse({ ...janedoe, hash: hash.replace('$2b$', prefix) }), prefix)
  }
})

t.test('a key without meaning is a warning, since it may be a misspelt target', async (t) => {
  t.strictSame(parse({ ...janedoe, taget: 'x' }).warnings, ['user "janedoe": taget has no meaning'])
})

const wrong: Readonly<Record<string, readonly [entry: unknown, says: RegExp]>> = {
  'no object': ['janedoe', /user 1: must be an object/],
  'no username': [{ ...janedoe, username: undefined }, /user 1: username must be a string that is not empty/],
  'an empty username': [{ ...janedoe, username: '' }, /user "": username must be a string that is not empty/],
  'no hash': [{ ...janedoe, hash: undefined }, /user "janedoe": hash must be a bcrypt hash/],
  'a plain password': [{ ...janedoe, hash: 'supersecret' }, /hash must be a bcrypt hash/],
  'a cut hash': [{ ...janedoe, hash: hash.slice(0, -1) }, /hash must be a bcrypt hash/],
  'a cost that bcrypt does not have': [
    { ...janedoe, hash: hash.replace('$12$', '$03$') },
    /hash must be a bcrypt hash/
  ],
  'scopes that are no list': [{ ...janedoe, scopes: 'all' }, /scopes must be a list/],
  'an unknown scope': [
    { ...janedoe, scopes: ['all', 'admin'] },
    /"admin" is not a scope; scopes are statements\/write/
  ],
  'no agent': [{ ...janedoe, agent: undefined }, /agent is missing/],
  'an agent without identifier': [{ ...janedoe, agent: { name: 'x' } }, /user "janedoe": agent: /],
  'an agent with two identifiers': [
    { ...janedoe, agent: { mbox: 'mailto:a@b.org', openid: 'https://a.b' } },
    /agent: /
  ],
  'an mbox without mailto': [{ ...janedoe, agent: { mbox: 'a@example.org' } }, /agent\/mbox: /],
  'a Group': [{ ...janedoe, agent: { objectType: 'Group', mbox: 'mailto:a@b.org' } }, /agent\/objectType/],
  'an unknown key of the agent': [{ ...janedoe, agent: { mbox: 'mailto:a@b.org', x: 1 } }, /agent/],
  'a target that is no text': [{ ...janedoe, target: 5 }, /target must be a string/],
  'an empty target': [{ ...janedoe, target: '' }, /user "janedoe": the target "" must be up to 100 English letters/],
  'a target that leads out of its directory': [{ ...janedoe, target: '../up' }, /target "\.\.\/up" must be up to 100/],
  'a target with a space': [{ ...janedoe, target: 'my school' }, /user "janedoe": the target "my school" must be/],
  'a target that is too long': [{ ...janedoe, target: 'x'.repeat(101) }, /user "janedoe": the target "x+" must be/]
}

for (const [what, [entry, says]] of Object.entries(wrong)) {
  t.test(`${what} makes the file invalid, and the error says where without showing a hash`, async (t) => {
    try {
      parse(entry)
      t.fail('it was accepted')
    } catch (error) {
      t.match(error, { code: 'INVALID_AUTH_FILE', message: says })
      t.match(error, { message: '/app/auth.json' })
      t.notMatch(JSON.stringify(error) + String(error), /lBBFTIJh|supersecret/)
      t.notMatch(String(error), '\n')
    }
  })
}

t.test('two users of one name make the file invalid', async (t) => {
  t.throws(() => parse(janedoe, { ...janedoe }), { code: 'INVALID_AUTH_FILE', message: /two users with this name/ })
})

t.test('of many problems the first few are told', async (t) => {
  t.throws(() => parse(...Array.from({ length: 9 }, () => 'x')), { message: /user 5: .*and 4 more$/ })
})

for (const [text, says] of [
  ['', /end of JSON input/],
  ['[{"hash": "$2b$secret', /not valid JSON/],
  ['{}', /list of users/],
  ['"x"', /list of users/]
] as const) {
  t.test(`${JSON.stringify(text)} is no auth file, and is not shown`, async (t) => {
    t.throws(() => parseAuthFile(text, 'auth.json'), { code: 'INVALID_AUTH_FILE', message: says })
    try {
      parseAuthFile(text, 'auth.json')
    } catch (error) {
      t.notMatch(String(error), /secret/)
    }
  })
}

t.test('what cannot be read as a file is invalid, what is not there has no state', async (t) => {
  const dir = t.testdir({ 'bom.json': `\ufeff${JSON.stringify([janedoe])}` })
  mkdirSync(join(dir, 'directory.json'))
  await t.rejects(stateOfAuthFile(join(dir, 'directory.json')), {
    code: 'INVALID_AUTH_FILE',
    message: /must be a file/
  })
  await t.rejects(readAuthFile(join(dir, 'directory.json')), { code: 'INVALID_AUTH_FILE' })
  t.equal(await stateOfAuthFile(join(dir, 'missing.json')), undefined)
  t.equal((await readAuthFile(join(dir, 'bom.json'))).users.length, 1, 'a byte order mark is passed over')
})

t.test('a file that is written again has another state, even with as many bytes', async (t) => {
  const file = join(t.testdir({ 'auth.json': '[]' }), 'auth.json')
  const before = await stateOfAuthFile(file)
  t.equal(await stateOfAuthFile(file), before)
  writeFileSync(file, '{}')
  t.not(await stateOfAuthFile(file), before)
})
