import type { Test } from 'tap'
import type { LrsStore } from '../../../src/contracts/lrs-backend.ts'
import type { FollowedBatch, FollowOptions, StoredStatement } from '../../../src/contracts/statement-store.ts'
import { maxPageSize } from '../../../src/xapi/filters.ts'
import { encodePosition } from '../../../src/xapi/position.ts'
import { aBatch, aStatement, aVoiding, refTo } from '../../support/statements.ts'
import type { Suite } from '../open-backend.ts'

/** All batches that there are after a position. */
const batchesAfter = async (
  { statements }: LrsStore,
  after?: string,
  options: Partial<FollowOptions> = {}
): Promise<FollowedBatch[]> => {
  const all: FollowedBatch[] = []
  const { signal } = new AbortController()
  for await (const batch of statements.follow(after, { signal, waits: false, ...options })) all.push(batch)
  return all
}

const idsIn = (batches: readonly { readonly statements: readonly StoredStatement[] }[]): string[] =>
  batches.flatMap(({ statements }) => statements.map(({ id }) => id))

const byId = (one: StoredStatement, other: StoredStatement): number => (one.id < other.id ? -1 : 1)

export const followed = (store: LrsStore, signal: AbortSignal, after?: string): AsyncIterator<FollowedBatch> =>
  store.statements.follow(after, { signal })[Symbol.asyncIterator]()

const over = { done: true, value: undefined }

/** One store for all of it: to make one takes long on some engines. */
export const followContract = (t: Test, suite: Suite): void => {
  t.test(
    'whoever follows a store is given every statement once, in order, and can go on after each batch',
    async (t) => {
      const store = await suite.fresh()
      t.same(await batchesAfter(store), [], 'an empty store gives nothing')

      const tied = Array.from({ length: 3 }, () => aStatement())
      const stored = suite.clock.now() - 1_000_000
      await store.copy?.restoreStatements(
        tied.map((each) => ({ id: each.id, stored, text: JSON.stringify(each) })),
        []
      )
      const [unwanted, kept] = [aStatement(), aStatement()]
      const rest = [[unwanted, kept], [aVoiding(unwanted)], [aStatement({ object: refTo(kept) }), aStatement()]]
      for (const batch of rest) await store.statements.insert(aBatch(...batch))
      const all = await batchesAfter(store)
      const ids = idsIn(all)
      t.same(ids.slice(0, 3).sort(), tied.map(({ id }) => id).sort(), 'those that were stored at one moment elsewhere')
      t.same(
        ids.slice(3),
        rest.flat().map(({ id }) => id),
        'voided and voiding ones too'
      )
      const { statements } = await store.statements.findAll(ids)
      t.same(all.flatMap((batch) => batch.statements).sort(byId), [...statements].sort(byId), 'as they are read by id')

      t.same(idsIn(await batchesAfter(store, undefined, { limit: 1 })), ids, 'one by one')
      const pairs = await batchesAfter(store, undefined, { limit: 2 })
      t.same(idsIn(pairs), ids)
      for (const [index, { position }] of pairs.entries()) {
        t.same(idsIn(await batchesAfter(store, position)), ids.slice(2 * (index + 1)), `after batch ${index}`)
      }
      const beyond = encodePosition({ stored: suite.clock.now() + 3_600_000_000, id: kept.id })
      t.same(await batchesAfter(store, beyond), [], 'behind the end there is nothing')
      await t.rejects(batchesAfter(store, 'nonsense'), { code: 'INVALID_CURSOR' })

      const controller = new AbortController()
      const { signal } = controller
      const batches = followed(store, signal, all.at(-1)?.position)
      for (let round = 0; round < 2; round += 1) {
        const next = batches.next()
        const statement = aStatement()
        await store.statements.insert(aBatch(statement))
        t.same(idsIn([(await next).value]), [statement.id], 'what is stored while somebody waits is given to him')
      }
      const waiting = batches.next()
      const working = followed(store, signal)
      t.equal((await working.next()).done, false)
      controller.abort(new Error('the client hung up'))
      t.same(await waiting, over, 'given up while he waits')
      t.same(await working.next(), over, 'given up while a batch is worked on')
      t.same(await followed(store, signal).next(), over, 'given up before it began')

      const extensions = { 'https://course.example.org/essay': 'x'.repeat(900_000) }
      const large = Array.from({ length: 3 }, () => aStatement({ context: { extensions } }))
      const { position } = (await batchesAfter(store)).at(-1) ?? {}
      for (const each of large) await store.statements.insert(aBatch(each))
      const bounded = await batchesAfter(store, position, { limit: 1000 })
      t.same(
        idsIn(bounded),
        large.map(({ id }) => id)
      )
      const sizes = bounded.map((batch) => batch.statements.reduce((sum, { text }) => sum + text.length, 0))
      t.ok(
        sizes.every((size) => size <= maxPageSize),
        `no batch has more bytes than a page: ${sizes}`
      )
    }
  )
}
