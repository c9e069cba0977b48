import t from 'tap'
import { identifierKey, identifierKeys } from '../../src/xapi/identifier.ts'
import type { Actor, InverseFunctionalIdentifier } from '../../src/xapi/statement.ts'
import { anonymousGroup, everyKindOfAgent, identifiedGroup, withAccount, withMbox } from '../support/statements.ts'

const same: Readonly<Record<string, readonly [Actor, Actor]>> = {
  'name and objectType identify nobody': [
    { mbox: 'mailto:zoe@example.org' },
    { objectType: 'Agent', name: 'Zoë', mbox: 'mailto:zoe@example.org' }
  ],
  'the domain of an mbox has no case': [{ mbox: 'mailto:Zoe@Example.ORG' }, { mbox: 'mailto:Zoe@example.org' }],
  'the digits of an mbox_sha1sum have no case': [{ mbox_sha1sum: 'AB'.repeat(20) }, { mbox_sha1sum: 'ab'.repeat(20) }],
  'the order of an account means nothing': [
    { account: { homePage: 'https://a.org', name: 'b' } },
    { account: { name: 'b', homePage: 'https://a.org' } }
  ]
}

const different: Readonly<Record<string, readonly [InverseFunctionalIdentifier, InverseFunctionalIdentifier]>> = {
  'the local part of an mbox has case': [{ mbox: 'mailto:Zoe@example.org' }, { mbox: 'mailto:zoe@example.org' }],
  'homePage compares exactly': [withAccount('a', 'https://A.org'), withAccount('a', 'https://a.org')],
  'homePage has no trailing slash of its own accord': [
    withAccount('a', 'https://a.org/'),
    withAccount('a', 'https://a.org')
  ],
  'the name of an account compares exactly': [withAccount('a'), withAccount('A')],
  'homePage and name of an account are two things': [
    withAccount('c', 'https://a.org/b'),
    withAccount('b/c', 'https://a.org/')
  ],
  'kinds of identifiers are never merged': [{ openid: 'mailto:a@b.org' }, { mbox: 'mailto:a@b.org' }],
  'an mbox and its own SHA-1 neither': [
    { mbox: 'mailto:bob@example.com' },
    { mbox_sha1sum: 'd35132bd0bfc15ada6f5229002b5288d94a46f52' }
  ]
}

for (const [rule, [one, other]] of Object.entries(same)) {
  t.test(`ruling 1: the same: ${rule}`, async (t) => {
    t.type(identifierKey(one), 'string')
    t.equal(identifierKey(one), identifierKey(other))
  })
}

for (const [rule, [one, other]] of Object.entries(different)) {
  t.test(`ruling 1: another: ${rule}`, async (t) => t.not(identifierKey(one), identifierKey(other)))
}

t.test('ruling 1: each kind of identifier has a key of its own, an anonymous Group has none', async (t) => {
  const keys = Object.values(everyKindOfAgent('zoe')).map(identifierKey)
  t.notOk(keys.includes(undefined))
  t.equal(new Set(keys).size, 4)
  t.equal(identifierKey(anonymousGroup(withMbox('a'))), undefined)
})

t.test('ruling 1: a Group is found by its identifier and by those of its members', async (t) => {
  const [group, a, b] = [withMbox('group'), withMbox('a'), withAccount('b')]
  const keysOf = (...actors: Actor[]) => actors.map(identifierKey)
  t.same([...identifierKeys(identifiedGroup(group, a, b))], keysOf(group, a, b))
  t.same([...identifierKeys(identifiedGroup(group))], keysOf(group))
  t.same([...identifierKeys(anonymousGroup(a, b))], keysOf(a, b))
  t.same([...identifierKeys(a)], keysOf(a))
})
