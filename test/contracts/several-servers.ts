import type { Test } from 'tap'
import type { LrsBackend, LrsStore } from '../../src/contracts/lrs-backend.ts'
import { allPages, findAny } from '../support/judged-store.ts'
import { aBatch, anActivity, anId, aStatement, aVerb, aVoiding, refTo, withMbox } from '../support/statements.ts'

/** Opens several servers on one empty place. Their clocks are off by so many microseconds: those of two machines never agree. */
export type OpenServers = (t: Test, ...offsets: number[]) => Promise<LrsBackend[]>

const [ann, ben] = [withMbox('ann'), withMbox('ben')]

type Pair = readonly [LrsStore, LrsStore]

const storesOf = async (opened: Promise<LrsBackend[]>, target?: string): Promise<LrsStore[]> =>
  Promise.all((await opened).map((each) => each.store(target)))

const pairOf = async (opened: Promise<LrsBackend[]>, target?: string): Promise<Pair> => {
  const [one, two] = await storesOf(opened, target)
  if (one === undefined || two === undefined) throw new Error('two servers were opened')
  return [one, two]
}

const writing = (t: Test, open: OpenServers): void => {
  t.test('two servers write to one target at once, and each sees all that was acknowledged', async (t) => {
    const [one, two] = await pairOf(open(t, 0, -2_000_000), 'shared')
    const acknowledged: string[] = []
    const target = aStatement({ actor: ann })
    const write = async (store: LrsStore, other: LrsStore): Promise<void> => {
      for (let turn = 0; turn < 15; turn += 1) {
        const batch = [aStatement({ object: refTo(target) }), aStatement(), aStatement({ actor: ann })]
        const { inserted } = await store.statements.insert(aBatch(...batch))
        acknowledged.push(...inserted)
        const [id] = inserted
        if (id !== undefined && (await findAny(other, id)) === undefined) t.fail('the other server does not see it')
      }
    }
    const written = Promise.all([write(one, two), write(two, one), write(one, two), write(two, one)])
    await one.statements.insert(aBatch(target))
    await written
    for (const store of [one, two]) {
      const all = await allPages(store, { ascending: true, limit: 37 })
      t.same(all.map(({ id }) => id).sort(), [...acknowledged, target.id].sort(), 'each once')
      t.equal((await allPages(store, { agent: ann })).length, 1 + 2 * 60, 'those that refer to the target are found')
      t.equal(new Set(all.map(({ stored }) => stored)).size, all.length, 'every statement has a time of its own')
    }
  })

  t.test('if servers store different statements with one id, one wins', async (t) => {
    const stores = await storesOf(open(t, 0, 0, 0))
    for (let turn = 0; turn < 5; turn += 1) {
      const id = anId()
      const settled = await Promise.allSettled(
        stores.map((store, index) => store.statements.insert(aBatch(aStatement({ id, verb: aVerb(`rival-${index}`) }))))
      )
      t.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1)
      for (const each of settled) if (each.status === 'rejected') t.match(each.reason, { code: 'STATEMENT_CONFLICT' })
    }
  })

  t.test('a definition that a server has merged is merged with those of another server', async (t) => {
    const [one, two] = await pairOf(open(t, 0, 0))
    const named = (language: string) =>
      aBatch(aStatement({ object: anActivity('course', { name: { [language]: language } }) }))
    for (const language of ['en', 'fr', 'de']) {
      await one.statements.insert(named(language))
      await two.statements.insert(named(`${language}-x-two`))
      await one.statements.insert(named(language))
    }
    const course = anActivity('course').id
    const { definitions } = await one.statements.describe({ activities: [course], verbs: [] })
    const languages = Object.keys(definitions.get(course)?.name ?? {}).sort()
    t.same(languages, ['de', 'de-x-two', 'en', 'en-x-two', 'fr', 'fr-x-two'])
  })
}

const reading = (t: Test, open: OpenServers): void => {
  t.test('readers of other servers see the statements of a batch together, with all that they change', async (t) => {
    const [writer, reader] = await pairOf(open(t, 0, 0))
    const batches = 25
    let [isWriting, looks] = [true, 0]
    let voiding = { target: anId(), by: anId() }
    const write = async (): Promise<void> => {
      for (let batch = 0; batch < batches; batch += 1) {
        const [victim, late] = [aStatement(), aStatement({ actor: ben })]
        await writer.statements.insert(aBatch(victim, aStatement({ object: refTo(late) })))
        const by = aVoiding(victim, { actor: ann })
        voiding = { target: victim.id, by: by.id }
        await writer.statements.insert(aBatch(by, late, aStatement({ actor: ann }), aStatement({ actor: ann })))
      }
      isWriting = false
    }
    const look = async (): Promise<void> => {
      while (isWriting) {
        const ofAnn = (await allPages(reader, { agent: ann, limit: 1000 })).length
        if (ofAnn % 3 !== 0) t.fail(`${ofAnn} statements are not whole batches`)
        const ofBen = (await allPages(reader, { agent: ben, limit: 1000 })).length
        if (ofBen % 2 !== 0) t.fail('a statement is found by a target that is not there, or not found by it')
        const { target, by } = voiding
        const isVoided = (await reader.statements.find(target, { voided: true })) !== undefined
        const isThere = (await reader.statements.find(by, { voided: false })) !== undefined
        if (isVoided && !isThere) t.fail('a statement is voided by one that is not there')
        looks += 1
      }
    }
    await Promise.all([write(), look()])
    t.ok(looks > 5, `${looks} looks`)
    t.equal((await allPages(reader, { agent: ann })).length, batches * 3)
    t.equal((await allPages(reader, { agent: ben })).length, batches * 2)
  })

  t.test('no server promises a time that another one gives out afterwards', async (t) => {
    const [one, two] = await pairOf(open(t, 0, -5_000_000))
    for (let turn = 0; turn < 5; turn += 1) {
      const through = await one.statements.consistentThrough()
      const statement = aStatement()
      await two.statements.insert(aBatch(statement))
      const found = await two.statements.find(statement.id, { voided: false })
      t.ok(found && found.stored > through)
    }
  })
}

const changingDocuments = (t: Test, open: OpenServers): void => {
  t.test('if several servers merge into one document, every merge survives', async (t) => {
    const stores = await storesOf(open(t, 0, -1_000_000))
    const key = { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'profile' } as const
    const times: number[] = []
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const stored = await stores[index % 2]?.documents.change(key, (present) => {
          const before = present === undefined ? {} : JSON.parse(Buffer.from(present.content).toString())
          return { content: Buffer.from(JSON.stringify({ ...before, [index]: true })), contentType: 'application/json' }
        })
        times.push(stored?.updated ?? 0)
      })
    )
    const found = await stores[0]?.documents.get(key)
    t.equal(Object.keys(JSON.parse(Buffer.from(found?.content ?? []).toString())).length, 20)
    t.equal(new Set(times).size, 20, 'each change has a time of its own')
    t.equal(found?.updated, Math.max(...times))
  })

  t.test('documents are cleared by several servers at once', async (t) => {
    const stores = await storesOf(open(t, 0, 0))
    const scope = { kind: 'state', activity: anActivity('course').id, agent: 'mailto:ann@example.org' } as const
    const registration = anId()
    for (let turn = 0; turn < 5; turn += 1) {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          stores[index % 2]?.documents.change({ ...scope, registration, id: `${index}` }, () => ({
            content: Buffer.from('x'),
            contentType: 'x/y'
          }))
        )
      )
      await Promise.all(
        stores.flatMap(({ documents }) => [documents.clear(scope), documents.clear({ ...scope, registration })])
      )
      t.same(await stores[0]?.documents.ids(scope), [])
    }
  })
}

/** What a store promises to several servers that share it. */
export const severalServersContract = (t: Test, open: OpenServers): void => {
  writing(t, open)
  reading(t, open)
  changingDocuments(t, open)
}
