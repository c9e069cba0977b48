import { setImmediate } from 'node:timers/promises'
import type { Test } from 'tap'
import type { LrsStore } from '../../../src/contracts/lrs-backend.ts'
import { aBatch, anActivity, anId, aStatement, aVerb, aVoiding, refTo, withMbox } from '../../support/statements.ts'
import type { Suite } from '../open-backend.ts'

/** As many as one request may bring, unless a setting says otherwise. */
const size = 5000

/** Milliseconds of this thread's own work, whatever else the machine does. */
const workSince = (before: NodeJS.CpuUsage): number => {
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

/** What is there of a large batch, asked in a way that would show a part of it. */
const look = async ({ statements }: LrsStore, taught: string, ids: { first: string; last: string; victim: string }) => {
  const through = await statements.consistentThrough()
  const parts = [
    (await statements.find(ids.first, { voided: false })) !== undefined,
    (await statements.find(ids.last, { voided: false })) !== undefined,
    (await statements.find(ids.victim, { voided: false })) === undefined,
    (await statements.describe({ activities: [taught], verbs: [] })).definitions.size > 0
  ]
  // Two of the batch, and one that was there and inherits its verb from the first.
  const page = await statements.query({ ascending: true, limit: 10, verb: aVerb('of-the-batch').id })
  return { through, parts, found: page.statements.length }
}

/** Decision 31, of a store: no batch keeps others waiting over 250 ms; and decision 14, while it is being stored. */
export const largeBatchContract = (t: Test, suite: Suite): void => {
  t.test('while a large batch is stored others have their turn, and see all of it or nothing', async (t) => {
    const store = await suite.fresh()
    const target = anId()
    const victim = aStatement()
    const referrer = aStatement({ object: refTo(target) })
    await store.statements.insert(aBatch(victim, referrer))
    const taught = anActivity('large', { name: { en: 'taught by the last one' } })
    const verb = aVerb('of-the-batch')
    const batch = [
      aStatement({ id: target, verb }),
      aVoiding(victim),
      ...Array.from({ length: size - 3 }, (_, at) =>
        aStatement({ actor: withMbox(`learner-${at % 300}`), object: anActivity(`unit-${at % 700}`) })
      ),
      aStatement({ verb, object: taught })
    ]
    const ids = { first: target, last: batch.at(-1)?.id ?? '', victim: victim.id }

    let isStored = false
    const storing = store.statements.insert(aBatch(...batch)).then((report) => {
      isStored = true
      return report
    })
    const promised: number[] = []
    let [turns, longest] = [0, 0]
    const watch = async (): Promise<void> => {
      while (!isStored) {
        const before = process.threadCpuUsage()
        await setImmediate()
        longest = Math.max(longest, workSince(before))
        turns += 1
      }
    }
    const ask = async (): Promise<void> => {
      while (!isStored) {
        const { through, parts, found } = await look(store, taught.id, ids)
        if (parts.includes(true) || (found !== 0 && found !== 3)) {
          // It became visible while it was looked for: then all of it is there now.
          const after = await look(store, taught.id, ids)
          if (after.parts.includes(false) || after.found !== 3)
            t.fail(`a part of it was seen: ${JSON.stringify(after)}`)
        } else if (found === 0) promised.push(through)
        await setImmediate()
      }
    }
    const [report] = await Promise.all([storing, watch(), ask(), ask()])

    t.equal(report.inserted.length, size)
    t.ok(turns > 3, `others had ${turns} turns`)
    t.ok(longest < 250, `the longest turn was ${Math.round(longest)} ms of work`)
    const { parts, found } = await look(store, taught.id, ids)
    t.same({ parts, found }, { parts: [true, true, true, true], found: 3 })
    const first = await store.statements.find(target, { voided: false })
    t.ok(
      promised.every((through) => through < (first?.stored ?? 0)),
      'what was called consistent without it is older than all of it'
    )
  })

  t.test('what is sent behind a large batch that is refused is stored, and nothing of that batch', async (t) => {
    const store = await suite.fresh()
    const taken = aStatement()
    await store.statements.insert(aBatch(taken))
    const verb = aVerb('of-a-refused-batch')
    const large = Array.from({ length: 1500 }, () => aStatement({ verb }))
    const refused = store.statements.insert(aBatch(...large, aStatement({ id: taken.id, verb })))
    const small = [aStatement(), aStatement()]
    const stored = Promise.all(small.map((each) => store.statements.insert(aBatch(each))))
    await t.rejects(refused, { name: 'RalphError', code: 'STATEMENT_CONFLICT' })
    t.equal((await stored).length, 2)
    for (const { id } of small) t.ok(await store.statements.find(id, { voided: false }))
    t.same((await store.statements.query({ ascending: true, limit: 10, verb: verb.id })).statements, [])
  })
}
