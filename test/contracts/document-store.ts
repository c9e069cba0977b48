import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import type { DocumentKey, DocumentScope, DocumentStore } from '../../src/contracts/document-store.ts'
import { anId } from '../support/statements.ts'
import { type OpenBackend, openSuite } from './open-backend.ts'

const text = (value: string, contentType = 'text/plain') => ({ content: Buffer.from(value), contentType })
const put = (documents: DocumentStore, key: DocumentKey, value = 'x') => documents.change(key, () => text(value))
const textOf = async (documents: DocumentStore, key: DocumentKey): Promise<string | undefined> => {
  const found = await documents.get(key)
  return found && Buffer.from(found.content).toString()
}

const activity = 'https://course.example.org/course'
const agent = 'mailto:ann@example.org'
const registration = anId()
const state = { kind: 'state', activity, agent } as const
const registered = { ...state, registration } as const
const agentProfile = { kind: 'agent-profile', agent } as const
const activityProfile = { kind: 'activity-profile', activity } as const

/** Scopes that differ in as little as scopes can. */
const scopes: readonly DocumentScope[] = [
  state,
  registered,
  { ...state, registration: anId() },
  { ...state, agent: 'mailto:ben@example.org' },
  { ...state, activity: `${activity}/` },
  { ...registered, agent: 'mailto:ben@example.org' },
  agentProfile,
  { ...agentProfile, agent: 'account:https://school.example.org\nann' },
  { ...agentProfile, agent: activity },
  activityProfile,
  { ...activityProfile, activity: `${activity}/` },
  { ...activityProfile, activity: agent }
]

const contents: Readonly<Record<string, Uint8Array>> = {
  'no bytes': Buffer.alloc(0),
  'every byte': Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  'bytes that are no UTF-8': Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80]),
  'JSON with its white space': Buffer.from(' {"b" : 1.0,\r\n"a":1e400, "__proto__":{} }\n\n'),
  'a megabyte': Buffer.alloc(1_000_000, 'é\0'),
  // No store keeps it in one piece: a document of MongoDB has at most 16 MB. It is not a whole number of pieces.
  '20 megabytes': Buffer.alloc(20_000_001, 'no two pieces are equal: é\0')
}

const ids = [
  ...[
    'a',
    'A',
    'a.b',
    '$a',
    'a/b',
    '../a',
    'a\nb',
    'a b',
    "a'b",
    'a"b',
    'a%b',
    'ä€',
    '日本',
    '__proto__',
    'constructor'
  ],
  'x'.repeat(2000)
]

/** What every store of documents must do (`DocumentStore`, rulings 20 to 22 as far as a store decides them). */
export const documentStoreContract = (t: Test, name: string, open: OpenBackend): void => {
  t.test(`${name} as a document store`, async (t) => {
    const suite = await openSuite(t, open)
    const fresh = async (): Promise<DocumentStore> => (await suite.fresh()).documents

    t.test('a document that nobody stored is not there', async (t) => {
      const documents = await fresh()
      for (const scope of scopes) {
        t.equal(await documents.get({ ...scope, id: 'none' }), undefined)
        t.same(await documents.ids(scope), [])
        await documents.clear(scope)
      }
    })

    for (const [what, content] of Object.entries(contents)) {
      t.test(`a document of ${what} is given back byte for byte, with type, etag and time`, async (t) => {
        const documents = await fresh()
        const key = { ...state, id: 'document' }
        const contentType = 'Application/JSON; charset="utf-8" ;x=ä'
        const before = suite.clock.now()
        const changed = await documents.change(key, (present) => {
          t.equal(present, undefined)
          return { content, contentType }
        })
        const found = await documents.get(key)
        for (const document of [changed, found]) {
          t.ok(document && Buffer.compare(document.content, content) === 0)
          t.equal(document?.contentType, contentType)
          t.equal(document?.etag, createHash('sha1').update(content).digest('hex'))
          t.ok(document && document.updated >= before && document.updated <= suite.clock.now())
        }
        t.equal(changed?.updated, found?.updated)
      })
    }

    t.test('a change is shown the present document and replaces it', async (t) => {
      const documents = await fresh()
      const key = { ...agentProfile, id: 'profile' }
      const first = await put(documents, key, 'one')
      const second = await documents.change(key, (present) => {
        t.equal(Buffer.from(present?.content ?? []).toString(), 'one')
        t.equal(present?.contentType, 'text/plain')
        t.equal(present?.etag, first?.etag)
        t.equal(present?.updated, first?.updated)
        return text('two', 'text/html')
      })
      t.ok(first && second && second.updated > first.updated, 'updated increases')
      t.not(second?.etag, first?.etag)
      t.same(await textOf(documents, key), 'two')
      t.equal((await documents.get(key))?.contentType, 'text/html')
    })

    t.test('what was read does not change when the document does', async (t) => {
      const documents = await fresh()
      const key = { ...agentProfile, id: 'profile' }
      const mine = Buffer.from('one')
      await documents.change(key, () => ({ content: mine, contentType: 'text/plain' }))
      mine.fill(0)
      const found = await documents.get(key)
      await put(documents, key, 'two')
      t.equal(Buffer.from(found?.content ?? []).toString(), 'one')
    })

    t.test(
      'a change that returns nothing deletes, one that returns the present document leaves it alone',
      async (t) => {
        const documents = await fresh()
        const key = { ...activityProfile, id: 'profile' }
        const stored = await put(documents, key)
        const left = await documents.change(key, (present) => present)
        t.same(left, stored, 'not even its time changes')
        t.same(await documents.get(key), stored)
        t.equal(await documents.change(key, () => undefined), undefined)
        t.equal(await documents.get(key), undefined)
        t.same(await documents.ids(activityProfile), [])
        t.equal(await documents.change(key, () => undefined), undefined, 'deleting what is not there does nothing')
        await documents.change(key, (present) => {
          t.equal(present, undefined)
          return text('again')
        })
        t.equal(await textOf(documents, key), 'again')
      }
    )

    t.test('what a change throws rejects the call and changes nothing', async (t) => {
      const documents = await fresh()
      const key = { ...state, id: 'document' }
      const refusal = new Error('If-Match does not hold')
      const refuse = () => {
        throw refusal
      }
      await t.rejects(documents.change(key, refuse), refusal)
      t.equal(await documents.get(key), undefined)
      const stored = await put(documents, key)
      await t.rejects(documents.change(key, refuse), refusal)
      t.same(await documents.get(key), stored)
    })

    t.test('a refused change does not disturb its neighbours', async (t) => {
      const documents = await fresh()
      const settled = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          documents.change({ ...state, id: `document-${index}` }, () => {
            if (index % 2 === 1) throw new Error('refused')
            return text(String(index))
          })
        )
      )
      t.equal(settled.filter(({ status }) => status === 'rejected').length, 10)
      t.equal((await documents.ids(state)).length, 10)
    })

    t.test('documents of different scopes and ids are different documents', async (t) => {
      const documents = await fresh()
      for (const [place, scope] of scopes.entries()) {
        for (const id of ids) await put(documents, { ...scope, id }, `${place} ${id}`)
      }
      for (const [place, scope] of scopes.entries()) {
        for (const id of ids) {
          const found = await textOf(documents, { ...scope, id })
          if (found !== `${place} ${id}`) t.fail(`${JSON.stringify({ ...scope, id })} is ${found}`)
        }
      }
      t.same((await documents.ids(agentProfile)).toSorted(), ids.toSorted())
    })

    t.test('ids are listed in order, each once, of the scope only', async (t) => {
      const documents = await fresh()
      for (const id of ['c', 'a', 'b-2', 'b-10', 'B', '1']) await put(documents, { ...agentProfile, id })
      await put(documents, { ...agentProfile, agent: 'mailto:ben@example.org', id: 'other' })
      t.same(await documents.ids(agentProfile), ['1', 'B', 'a', 'b-10', 'b-2', 'c'])
    })

    t.test(
      'a state without registration is another one, but its scope means any registration (Communication §2.3)',
      async (t) => {
        const documents = await fresh()
        const other = { ...state, registration: anId() }
        await put(documents, { ...state, id: 'same' }, 'none')
        await put(documents, { ...registered, id: 'same' }, 'registered')
        await put(documents, { ...other, id: 'same' }, 'other')
        await put(documents, { ...registered, id: 'registered' })
        await put(documents, { ...state, id: 'bare' })
        t.equal(await textOf(documents, { ...state, id: 'same' }), 'none')
        t.equal(await textOf(documents, { ...registered, id: 'same' }), 'registered')
        t.equal(await textOf(documents, { ...other, id: 'same' }), 'other')
        t.equal(await documents.get({ ...state, id: 'registered' }), undefined)
        t.same(await documents.ids(state), ['bare', 'registered', 'same'])
        t.same(await documents.ids(registered), ['registered', 'same'])
        t.same(await documents.ids(other), ['same'])
        await documents.clear(registered)
        t.same(await documents.ids(registered), [])
        t.same(await documents.ids(state), ['bare', 'same'])
        t.equal(await textOf(documents, { ...state, id: 'same' }), 'none')
        await documents.clear(state)
        t.same(await documents.ids(state), [])
        t.equal(await documents.get({ ...other, id: 'same' }), undefined)
      }
    )

    t.test('since is exclusive on the time of the last change', async (t) => {
      const documents = await fresh()
      const start = suite.clock.now()
      const one = await put(documents, { ...activityProfile, id: 'one' })
      const two = await put(documents, { ...activityProfile, id: 'two' })
      const three = await put(documents, { ...activityProfile, id: 'three' })
      if (!one || !two || !three) throw new Error('three documents were stored')
      t.same(await documents.ids(activityProfile, start - 1), ['one', 'three', 'two'])
      t.same(await documents.ids(activityProfile, one.updated), ['three', 'two'])
      t.same(await documents.ids(activityProfile, one.updated - 1), ['one', 'three', 'two'])
      t.same(await documents.ids(activityProfile, three.updated), [])
      await put(documents, { ...activityProfile, id: 'one' }, 'changed')
      t.same(await documents.ids(activityProfile, three.updated), ['one'])
      await put(documents, { ...registered, id: 'one' })
      await put(documents, { ...state, id: 'two' })
      t.same(await documents.ids(state, start - 1), ['one', 'two'])
    })

    t.test('times of change increase, even when the clock is set back', async (t) => {
      const documents = await fresh()
      const key = { ...state, id: 'document' }
      let before = (await put(documents, key))?.updated ?? 0
      suite.clock.shift(-60_000_000)
      t.teardown(() => suite.clock.shift(60_000_000))
      for (let count = 0; count < 5; count += 1) {
        const after = (await put(documents, key, String(count)))?.updated ?? 0
        t.ok(after > before)
        before = after
      }
    })

    t.test('clearing removes all documents of the scope and nothing else', async (t) => {
      const documents = await fresh()
      for (const scope of scopes) for (const id of ['one', 'two']) await put(documents, { ...scope, id })
      await documents.clear(agentProfile)
      for (const scope of scopes) {
        t.same(await documents.ids(scope), scope === agentProfile ? [] : ['one', 'two'], JSON.stringify(scope))
      }
      await documents.clear(state)
      t.same(await documents.ids(registered), [])
      t.same(await documents.ids({ ...state, agent: 'mailto:ben@example.org' }), ['one', 'two'])
    })

    t.test('of a hundred concurrent merges all survive (ruling 22)', async (t) => {
      const documents = await fresh()
      const key = { ...state, id: 'document' }
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          documents.change(key, (present) => {
            const before = present === undefined ? {} : JSON.parse(Buffer.from(present.content).toString())
            return text(JSON.stringify({ ...before, [`key-${index}`]: index }), 'application/json')
          })
        )
      )
      t.equal(Object.keys(JSON.parse((await textOf(documents, key)) ?? '{}')).length, 100)
    })

    t.test('of concurrent writers with one etag exactly one wins (ruling 22)', async (t) => {
      const documents = await fresh()
      const key = { ...state, id: 'document' }
      const stored = await put(documents, key, 'start')
      const settled = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          documents.change(key, (present) => {
            if (present?.etag !== stored?.etag) throw new Error('If-Match does not hold')
            return text(`writer ${index}`)
          })
        )
      )
      const won = settled.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []))
      t.equal(won.length, 1)
      t.equal(await textOf(documents, key), `writer ${won[0]}`)
    })

    t.test('concurrent creations of one document show it to all but the first', async (t) => {
      const documents = await fresh()
      const key = { ...agentProfile, id: 'profile' }
      const settled = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          documents.change(key, (present) => {
            if (present !== undefined) throw new Error('If-None-Match: * does not hold')
            return text(String(index))
          })
        )
      )
      t.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1)
    })
  })
}
