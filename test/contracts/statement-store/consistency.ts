import { setImmediate } from 'node:timers/promises'
import type { Test } from 'tap'
import { allPages } from '../../support/judged-store.ts'
import { aBatch, aStatement } from '../../support/statements.ts'
import type { Suite } from '../open-backend.ts'

export const consistencyContract = (t: Test, suite: Suite): void => {
  t.test('what was stored is consistent as soon as it is acknowledged, and stays so', async (t) => {
    const store = await suite.fresh()
    let before = await store.statements.consistentThrough()
    for (let count = 0; count < 10; count += 1) {
      const statement = aStatement()
      await store.statements.insert(aBatch(statement))
      const found = await store.statements.find(statement.id, { voided: false })
      const now = await store.statements.consistentThrough()
      t.ok(found && now >= found.stored, 'not before what was acknowledged')
      t.ok(now >= before, 'never earlier than it was')
      before = now
    }
  })

  t.test('an idle store keeps up with the clock', async (t) => {
    const store = await suite.fresh()
    const start = suite.clock.now()
    suite.clock.shift(10_000_000)
    t.teardown(() => suite.clock.shift(-10_000_000))
    t.ok((await store.statements.consistentThrough()) >= start + 9_000_000)
  })

  t.test('no statement ever appears at or before a time that was called consistent', async (t) => {
    const store = await suite.fresh()
    let writing = 8
    const write = async (): Promise<void> => {
      for (let count = 0; count < 25; count += 1) {
        await store.statements.insert(aBatch(aStatement(), aStatement(), aStatement()))
      }
      writing -= 1
    }
    const snapshots: { readonly through: number; readonly visible: number }[] = []
    const watch = async (): Promise<void> => {
      while (writing > 0) {
        const through = await store.statements.consistentThrough()
        const visible = (await allPages(store, { until: through })).length
        snapshots.push({ through, visible })
        // A client takes a turn of the event loop between its requests.
        await setImmediate()
      }
    }
    await Promise.all([...Array.from({ length: writing }, write), watch()])
    const all = (await allPages(store, { ascending: true })).map(({ stored }) => stored)
    t.equal(all.length, 600)
    for (const { through, visible } of snapshots) {
      const late = all.filter((stored) => stored <= through).length - visible
      if (late !== 0) t.fail(`${late} statements appeared after ${through} was called consistent`)
    }
    t.ok(snapshots.length > 0, 'the store was watched while it was written to')
  })

  t.test(
    'a statement that is stored after a time was called consistent is later, with a clock set back too',
    async (t) => {
      const store = await suite.fresh()
      const through = await store.statements.consistentThrough()
      suite.clock.shift(-60_000_000)
      t.teardown(() => suite.clock.shift(60_000_000))
      const statement = aStatement()
      await store.statements.insert(aBatch(statement))
      const found = await store.statements.find(statement.id, { voided: false })
      t.ok(found && found.stored > through)
      t.ok((await store.statements.consistentThrough()) >= through)
    }
  )
}
