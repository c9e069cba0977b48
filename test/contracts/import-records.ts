import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { Clock } from '../../src/contracts/clock.ts'
import type { ListImports } from '../../src/contracts/imports.ts'
import { atStart, type KeptImport, nothingCounted } from '../../src/imports/kept.ts'
import type { ImportRecords } from '../../src/imports/records/records.ts'
import { aClock } from '../support/clock.ts'

/** Opens the same records again and again, as processes that share them do. */
export type OpenRecords = (clock: Clock) => Promise<ImportRecords>

export const aRecord = (created: number, parts: Partial<KeptImport> = {}): KeptImport => ({
  id: randomUUID(),
  source: { door: 'command', reference: '/tmp/été.jsonl', user: undefined },
  filename: 'été.jsonl',
  mediaType: undefined,
  sha256: 'ab'.repeat(32),
  size: 2 ** 40,
  metadata: { nested: { list: [1, 'two', null] } },
  status: 'VALIDATING',
  trouble: undefined,
  counts: nothingCounted,
  handlers: {},
  attempts: 0,
  original: undefined,
  failures: 0,
  user: undefined,
  instructions: {},
  destination: 'lrs',
  isStaged: true,
  progress: atStart,
  nextAttempt: undefined,
  created,
  updated: created,
  finished: undefined,
  ...parts
})

/** JSON has no undefined. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null))

/** What every place that keeps the records of imports must do. */
export const importRecordsContract = (t: Test, open: OpenRecords): void => {
  t.test('a record is given back as it was saved, by every process', async (t) => {
    const clock = aClock()
    const [one, other] = [await open(clock.now), await open(clock.now)]
    const made = aRecord(5)
    await one.insert(made)
    t.same(asJson((await other.find(made.id))?.kept), asJson(made))
    const saved: KeptImport = {
      ...made,
      status: 'DONE',
      counts: { read: 3, converted: 2, written: 1, already: 1, rejected: 1 },
      finished: 9
    }
    t.ok(await one.save(saved))
    t.same(asJson((await other.find(made.id))?.kept), asJson(saved))
    t.equal(await other.find(randomUUID()), undefined)
    await Promise.all([one.close(), other.close()])
  })

  t.test('of two who claim an import at once one has it, until it lets go or its lease ends', async (t) => {
    const clock = aClock()
    const [one, other] = [await open(clock.now), await open(clock.now)]
    const made = aRecord(5)
    await one.insert(made)
    t.equal((await other.find(made.id))?.isRunning, true, 'whoever makes it has it')
    t.equal(await other.claim(made.id), undefined)
    t.equal(await other.save(made), false, 'who has it not cannot save')
    await one.release(made.id)
    t.equal((await other.find(made.id))?.isRunning, false)
    const claims = await Promise.all([one.claim(made.id), other.claim(made.id), one.claim(made.id)])
    t.equal(claims.filter((claimed) => claimed !== undefined).length, 1)
    const [holder, loser] = claims[1] === undefined ? [one, other] : [other, one]
    clock.shift(50_000_000)
    t.ok(await holder.renew(made.id))
    clock.shift(50_000_000)
    t.equal(await loser.claim(made.id), undefined, 'it was renewed')
    clock.shift(61_000_000)
    t.ok(await loser.claim(made.id), 'the lease has ended')
    t.equal(await holder.renew(made.id), false)
    t.equal(await holder.save(made), false)
    await holder.remove(made.id)
    t.ok(await one.find(made.id), 'who has it not cannot remove it')
    await loser.remove(made.id)
    t.equal(await one.find(made.id), undefined)
    await Promise.all([one.close(), other.close()])
  })

  t.test('what is due is told oldest first, and only what this process delivers', async (t) => {
    const clock = aClock()
    const records = await open(clock.now)
    const make = async (created: number, parts: Partial<KeptImport>): Promise<string> => {
      const made = aRecord(created, { destination: t.name.slice(0, 10), ...parts })
      await records.insert(made)
      await records.release(made.id)
      return made.id
    }
    const later = await make(20, { status: 'PROCESSING' })
    const sooner = await make(10, { status: 'QUERYING' })
    const done = await make(11, { status: 'DONE', finished: 11 })
    const failed = await make(12, { status: 'FAILED', finished: 12 })
    const retried = await make(13, { status: 'RETRY', nextAttempt: 1000 })
    await make(14, { status: 'VALIDATING', destination: 'elsewhere' })
    const mine = (destination: string): boolean => destination === t.name.slice(0, 10)
    t.same(await records.due(999, mine), [sooner, later])
    t.same(await records.due(1000, mine), [sooner, retried, later])
    t.equal(await records.nextAttempt(mine), 1000)
    t.equal(await records.nextAttempt(() => false), undefined)
    await records.claim(sooner)
    t.same(await records.due(1000, mine), [retried, later], 'somebody works on the first one')
    const final = await records.finishedBefore(11, undefined)
    t.same([final.includes(done), final.includes(failed)], [true, false])
    t.same(await records.finishedBefore(12, 'FAILED'), [failed])
    await records.close()
  })

  t.test('filters are over all records, however many there are, and pages follow each other', async (t) => {
    const records = await open(aClock().now)
    const door = `door-${randomUUID()}`
    const of = (user: string, target?: string): Partial<KeptImport> => ({
      source: { door, reference: 'r', user },
      user: { username: user, agent: {}, scopes: [], ...(target === undefined ? {} : { target }) }
    })
    const wanted = [
      aRecord(1, { ...of('joe'), sha256: 'cd'.repeat(32) }),
      aRecord(1, { ...of('joe', 'school'), source: { door, reference: 'only once', user: 'joe' } }),
      // Of the same millisecond: the id tells which one is first.
      ...Array.from({ length: 5 }, () => aRecord(2, of('joe', 'school')))
    ]
    for (const each of wanted) await records.insert(each)
    await Promise.all(Array.from({ length: 1100 }, (_, at) => records.insert(aRecord(10 + at, of('jane', 'school')))))
    const idsOf = async (filter: Parameters<ImportRecords['list']>[0]): Promise<readonly string[]> =>
      (await records.list({ door, ...filter })).map(({ kept }) => kept.id)
    const [inDefault, first, ...others] = wanted.map(({ id }) => id)
    t.same(await idsOf({ user: 'joe', store: { target: undefined } }), [inDefault])
    t.same(await idsOf({ user: 'joe', sha256: 'cd'.repeat(32) }), [inDefault])
    t.same(await idsOf({ user: 'jane', store: { target: undefined } }), [])
    t.same(await idsOf({ user: 'joe', reference: 'only once' }), [first])
    t.same(await idsOf({ user: 'jane', reference: 'only once' }), [])
    const inSchool = [...others.toSorted().toReversed(), first]
    t.same(await idsOf({ user: 'joe', store: { target: 'school' } }), inSchool)
    const paged: string[] = []
    for (let after: ListImports['after']; paged.length < 10; ) {
      const page = await records.list({ door, user: 'joe', store: { target: 'school' }, after, limit: 2 })
      paged.push(...page.map(({ kept }) => kept.id))
      const last = page.at(-1)?.kept
      if (last === undefined) break
      after = { id: last.id, created: new Date(last.created).toISOString() }
      // The place of a page does not depend on the record being there.
      await records.remove(last.id)
    }
    t.same(paged, inSchool)
    await records.close()
  })

  t.test('a list is newest first, and filtered by status, door and user', async (t) => {
    const records = await open(aClock().now)
    const source = { door: `door-${randomUUID()}`, reference: 'r', user: 'jane' }
    for (const [created, parts] of [
      [1, { source }],
      [2, { source, status: 'DONE' }],
      [3, { source: { ...source, user: 'joe' } }]
    ] as const) {
      await records.insert(aRecord(created, parts))
    }
    const createdIn = async (filter: Parameters<ImportRecords['list']>[0]): Promise<readonly number[]> =>
      (await records.list({ door: source.door, ...filter })).map(({ kept }) => kept.created)
    t.same(await createdIn({}), [3, 2, 1])
    t.same(await createdIn({ limit: 2 }), [3, 2])
    t.same(await createdIn({ status: 'DONE' }), [2])
    t.same(await createdIn({ user: 'jane' }), [2, 1])
    await records.close()
  })

  t.test('a text with U+0000, which no record has, finds nothing', async (t) => {
    const records = await open(aClock().now)
    t.equal(await records.find('\0'), undefined)
    t.same(await records.list({ door: '\0' }), [])
    t.same(await records.list({ user: 'nobody', after: { created: '2026-01-01T00:00:00Z', id: '\0' } }), [])
    await records.close()
  })
}
