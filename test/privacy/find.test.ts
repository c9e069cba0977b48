import { createHash } from 'node:crypto'
import t from 'tap'
import { openMemory } from '../../src/backends/memory/lrs.ts'
import { findLearner } from '../../src/privacy/find.ts'
import { learnerOf } from '../../src/privacy/learner.ts'
import { rolesOf } from '../../src/privacy/roles.ts'
import type { JsonObject, Statement } from '../../src/xapi/statement.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import {
  aBatch,
  anActivity,
  anAttachment,
  anonymousGroup,
  aStatement,
  aSubStatement,
  everyKindOfAgent,
  identifiedGroup,
  refTo,
  withAccount,
  withMbox,
  withSha1
} from '../support/statements.ts'

const identifiers = {
  mbox: 'ann@example.org',
  account: 'https://school.example.org|ann',
  mbox_sha1sum: createHash('sha1').update('mailto:ann@example.org').digest('hex'),
  openid: 'https://ann.openid.example.org/'
}

const rolesIn = (statement: Statement, identifier: string): string[] => [
  ...rolesOf(JSON.stringify(statement), learnerOf(identifier))
]

t.test('a learner is found by each kind of identifier, in each place of a statement', async (t) => {
  for (const [kind, agent] of Object.entries(everyKindOfAgent('ann'))) {
    const identifier = identifiers[kind as keyof typeof identifiers]
    const ben = withMbox('ben')
    const both = { ...agent, objectType: 'Agent' } as const
    t.same(rolesIn(aStatement({ actor: agent }), identifier), ['actor'], kind)
    t.same(rolesIn(aStatement({ actor: ben, object: both }), identifier), ['object'], kind)
    t.same(rolesIn(aStatement({ actor: anonymousGroup(ben, agent) }), identifier), ['member'], kind)
    t.same(rolesIn(aStatement({ actor: ben, authority: agent }), identifier), ['authority'], kind)
    t.same(rolesIn(aStatement({ actor: ben, context: { instructor: agent } }), identifier), ['context'], kind)
    const team = identifiedGroup(withAccount('team'), agent)
    t.same(rolesIn(aStatement({ actor: ben, context: { team } }), identifier), ['context'], kind)
    t.same(rolesIn(aStatement({ actor: ben, object: aSubStatement({ actor: agent }) }), identifier), ['context'], kind)
    const extensions = { 'https://x.example.org/seen': { by: { ...agent } as JsonObject } }
    t.same(rolesIn(aStatement({ actor: ben, result: { extensions } }), identifier), ['text'], kind)
    const within = { 'https://x.example.org/raw': JSON.stringify({ by: agent }) }
    t.same(rolesIn(aStatement({ actor: ben, result: { extensions: within } }), identifier), ['text'], kind)
    t.same(rolesIn(aStatement({ actor: ben }), identifier), [], kind)
  }
})

t.test('a mailbox is found by its SHA-1, with and without mailto:, and with any case of its domain', async (t) => {
  for (const identifier of ['ann@example.org', 'mailto:ann@example.org', 'ann@Example.ORG']) {
    t.same(rolesIn(aStatement({ actor: withMbox('ann') }), identifier), ['actor'])
    t.same(rolesIn(aStatement({ actor: withSha1('ann') }), identifier), ['actor'])
    t.same(rolesIn(aStatement({ actor: { mbox: 'mailto:ann@EXAMPLE.org' } }), identifier), ['actor'])
  }
})

t.test('a text names a learner only by the whole address', async (t) => {
  const said = (response: string) =>
    rolesIn(aStatement({ actor: withMbox('ben'), result: { response } }), 'ann@example.org')
  for (const text of ['ann@example.org', 'Mail to ann@example.org.', '<mailto:ann@example.org>']) {
    t.same(said(text), ['text'], text)
  }
  for (const text of ['joann@example.org', 'ann@example.org.uk', 'ann@example.organic', 'ann+1@example.org', 'Ann']) {
    t.same(said(text), [], text)
  }
  const escaped = JSON.stringify(aStatement({ actor: withMbox('ben'), result: { response: 'ann@example.org' } }))
  t.same([...rolesOf(escaped.replace('ann@', 'ann\\u0040'), learnerOf('ann@example.org'))], ['text'], 'escaped')
})

t.test('what is not an identifier is refused', async (t) => {
  for (const identifier of ['', 'ann', 'ann@', '|ann', 'https://school.example.org|']) {
    t.throws(() => learnerOf(identifier), { code: 'USAGE' }, identifier)
  }
})

t.test('documents, attachments, names, references and dead letters of a learner are counted', async (t) => {
  const clock = aClock()
  const backend = openMemory({}, contextOf(t, clock.now, '/nowhere'))
  t.teardown(() => backend.close())
  const store = await backend.store()
  const [own, shared] = [anAttachment(Buffer.from('own')), anAttachment(Buffer.from('shared'))]
  const attached = (...all: readonly { readonly sha2: string; readonly content: Uint8Array }[]) =>
    all.map(({ sha2, content }) => ({
      usageType: 'https://x.example.org/usage',
      display: { en: 'Work' },
      contentType: 'text/plain',
      length: content.byteLength,
      sha2
    }))
  const theirs = aStatement({ actor: { ...withMbox('ann'), name: 'Ann' }, attachments: attached(own, shared) })
  const other = aStatement({ actor: withMbox('ben'), attachments: attached(shared) })
  const reference = aStatement({ actor: withMbox('ben'), object: refTo(theirs) })
  const further = aStatement({ actor: withMbox('ben'), object: refTo(reference) })
  await store.statements.insert({ ...aBatch(theirs, other, reference, further), attachments: [own, shared] })
  const put = (key: Parameters<typeof store.documents.change>[0], text: string) =>
    store.documents.change(key, () => ({ content: Buffer.from(text), contentType: 'text/plain' }))
  const agent = 'mailto:ann@example.org'
  const activity = anActivity('course').id
  await put({ kind: 'state', activity, agent, id: 'place' }, '3')
  await put({ kind: 'agent-profile', agent, id: 'wishes' }, '3')
  await put({ kind: 'agent-profile', agent: 'mailto:ben@example.org', id: 'friends' }, 'ann@example.org')
  await put({ kind: 'activity-profile', activity, id: 'size' }, '3')
  await put({ kind: 'activity-profile', activity: 'refused-by/away', id: theirs.id }, '{}')
  await put({ kind: 'activity-profile', activity: 'refused-by/away', id: other.id }, '{}')
  t.same(await findLearner(store, learnerOf('ann@example.org')), {
    searched: 4,
    statements: 1,
    as: { actor: 1, object: 0, member: 0, authority: 0, context: 0, text: 0 },
    references: 2,
    documents: { state: 1, agentProfile: 1, mentioning: 1 },
    attachments: { named: 2, onlyTheirs: 1 },
    names: ['Ann'],
    deadLetters: 1
  })
})
