import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type LeaseOptions, createLease as leaseOn } from '../../src/storage/batching/lease.ts'
import { freshRecord, type LeaseRecord, type LeaseTable } from '../../src/storage/batching/lease-record.ts'
import { isWritten, oldGaps } from '../../src/storage/batching/written.ts'

/** A record as a database keeps it, which takes a moment to read and to write. */
const aTable = () => {
  let record: LeaseRecord | undefined
  let version = 0
  /** The same record, seen by one who can be cut off from it. */
  const seen = () => {
    let isAway = false
    const visit = async (): Promise<void> => {
      await setTimeout(randomInt(3))
      if (isAway) throw new Error('away')
    }
    const table: LeaseTable<number> = {
      read: async () => {
        await visit()
        return record && { record, version }
      },
      write: async (next, expected) => {
        await visit()
        if ((record === undefined ? undefined : version) !== expected) return undefined
        record = next
        version += 1
        return version
      }
    }
    return {
      table,
      cutOff: (is: boolean) => {
        isAway = is
      }
    }
  }
  return { seen, table: seen().table, record: () => record }
}

/** Small numbers, so that tests need not count in microseconds. */
const time = 0
const createLease = <Version>(table: LeaseTable<Version>, options: LeaseOptions) => leaseOn(table, () => time, options)

const quick = { timeToLive: 400, patience: 5000, linger: 20 }

t.test('of many who write, one does at a time, and each finds what the one before has written', async (t) => {
  const { table } = aTable()
  let writing = 0
  let last = 0
  let count = 0
  const write = async (): Promise<void> => {
    const lease = createLease(table, quick)
    for (let turn = 0; turn < 10; turn += 1) {
      const held = await lease.acquire()
      writing += 1
      if (writing !== 1) t.fail('two write at once')
      if (held.last !== last) t.fail(`${held.last} is not ${last}`)
      await setTimeout(randomInt(5))
      await lease.requireHeld()
      await lease.commit(last + 1)
      last += 1
      writing -= 1
      count += 1
      await lease.pause()
    }
    await lease.release()
  }
  await Promise.all([write(), write(), write()])
  t.equal(count, 30)
})

t.test('one who writes alone keeps the lease, and knows that nobody disturbed it', async (t) => {
  const { table, record } = aTable()
  const lease = createLease(table, { ...quick, linger: 60_000 })
  t.same(await lease.acquire(), { last: 0, gaps: [], undisturbed: false, seized: false, made: undefined })
  await lease.commit(7)
  await lease.pause()
  const holder = record()?.holder
  t.same(await lease.acquire(), { last: 7, gaps: [], undisturbed: true, seized: false, made: undefined })
  t.equal(record()?.holder, holder)
  await lease.release()
  t.equal(record()?.holder, undefined)
})

t.test('one who is idle lets go', async (t) => {
  const { table, record } = aTable()
  const lease = createLease(table, quick)
  await lease.acquire()
  await lease.pause()
  while (record()?.holder !== undefined) await setTimeout(5)
  await lease.acquire()
  await lease.commit(1)
  t.equal(record()?.last, 1)
  await lease.release()
})

t.test('one who died is found dead after the time to live, and what it wrote in part is to be looked at', async (t) => {
  const { table, seen } = aTable()
  const view = seen()
  const dead = createLease(view.table, quick)
  await dead.acquire()
  view.cutOff(true)
  await setTimeout(quick.timeToLive / 2)
  await t.rejects(dead.requireHeld(), /away/, 'it asks the record, and stops by itself')
  const heir = createLease(table, quick)
  t.match(await heir.acquire(), { seized: true, undisturbed: false })
  await heir.commit(5)
  view.cutOff(false)
  await t.rejects(dead.commit(6), { code: 'STORE_UNAVAILABLE' })
  await dead.release()
  await heir.commit(6)
  await heir.release()
})

t.test('a long turn is not taken for a dead one', async (t) => {
  const { table } = aTable()
  const long = createLease(table, quick)
  await long.acquire()
  const other = createLease(table, quick)
  const waiting = other.acquire()
  await setTimeout(quick.timeToLive * 2)
  await long.requireHeld()
  await long.commit(1)
  await long.pause()
  t.match(await waiting, { last: 1, seized: false })
  await other.release()
})

t.test('who waits longer than patience is told to come again', async (t) => {
  const { table } = aTable()
  const holder = createLease(table, quick)
  await holder.acquire()
  const other = createLease(table, { ...quick, patience: 100 })
  await t.rejects(other.acquire(), { code: 'STORE_UNAVAILABLE', details: { retryAfter: 1 } })
  await holder.release()
})

t.test('a commit of which nobody knows whether it was written is read again before anything follows', async (t) => {
  const { table } = aTable()
  let loses = false
  const lease = createLease<number>(
    {
      read: table.read,
      write: async (record, version) => {
        const written = await table.write(record, version)
        if (loses) throw new Error('the answer is lost')
        return written
      }
    },
    quick
  )
  await lease.acquire()
  loses = true
  await t.rejects(lease.commit(7))
  await t.rejects(lease.requireHeld(), { code: 'STORE_UNAVAILABLE' })
  loses = false
  t.equal((await lease.acquire()).last, 7)
  await lease.release()
})

t.test('who gives a turn up lets nobody believe that it was ended', async (t) => {
  const { table } = aTable()
  const [one, other] = [createLease(table, quick), createLease(table, quick)]
  await one.acquire()
  one.abandon()
  t.equal((await other.acquire()).seized, true)
  await other.release()
})

t.test('a reader is told how far it is written only while nobody else can write', async (t) => {
  const { table } = aTable()
  const lease = createLease(table, quick)
  t.equal(lease.writtenIfHeld()?.last, undefined)
  await lease.acquire()
  await lease.commit(5)
  t.equal(lease.writtenIfHeld()?.last, 5)
  const releasing = lease.release()
  await setTimeout(0)
  t.equal(lease.writtenIfHeld()?.last, undefined, 'nor while it is being let go')
  await releasing
  t.equal(lease.writtenIfHeld()?.last, undefined)
})

/** One whose lease is not renewed: its event loop stands still, or what it sends takes its time. */
const heldUp = async (t: Test, table: LeaseTable<number>, view: { cutOff(is: boolean): void }) => {
  const slow = createLease(table, quick)
  await slow.acquire()
  await slow.reach(10)
  await slow.commit(10)
  await slow.reach(20)
  view.cutOff(true)
  t.teardown(() => slow.release().catch(() => {}))
  return slow
}

t.test('whatever one writes late that was taken for dead does not count, and what comes next does', async (t) => {
  const { table, seen } = aTable()
  const view = seen()
  const slow = await heldUp(t, view.table, view)
  const heir = createLease(table, quick)
  const held = await heir.acquire()
  t.equal(held.seized, true)
  const { gaps } = held
  t.equal(gaps.length, 1)
  t.equal(gaps[0]?.after, 10, 'what was committed counts')
  t.ok(held.last >= 20, 'what comes next is later than anything that it may have begun')
  t.equal(isWritten(20, held), false)
  t.equal(isWritten(10, held), true)
  await heir.reach(held.last + 1)
  await heir.commit(held.last + 1)
  view.cutOff(false)
  await t.rejects(slow.reach(held.last + 2), { code: 'STORE_UNAVAILABLE', details: { lost: true } })
  await t.rejects(slow.commit(20), { code: 'STORE_UNAVAILABLE', details: { lost: true } })
  const written = heir.writtenIfHeld() ?? { last: 0, gaps: [] }
  t.equal(isWritten(20, written), false, 'nor later')
  t.equal(isWritten(held.last + 1, written), true)
  await heir.pause()
  const again = await slow.acquire()
  t.equal(again.last, held.last + 1, 'it goes on with its next turn')
  t.equal(isWritten(20, again), false)
  await slow.commit(again.last + 1)
  await heir.release()
})

t.test('one that was held up and that nobody wanted to follow goes on as if nothing had been', async (t) => {
  const { table } = aTable()
  const lease = createLease(table, quick)
  await lease.acquire()
  await lease.reach(5)
  const start = performance.now()
  // No timer runs meanwhile.
  while (performance.now() - start < quick.timeToLive * 2);
  await lease.requireHeld()
  await lease.commit(5)
  await lease.pause()
  t.match(await lease.acquire(), { last: 5, gaps: [], undisturbed: true, seized: false })
  await lease.release()
})

t.test('a dead holder is found by requests that wait less than its time to live, one after the other', async (t) => {
  const { table, seen } = aTable()
  const view = seen()
  await heldUp(t, view.table, view)
  const start = performance.now()
  const heir = createLease(table, { ...quick, patience: quick.timeToLive / 4 })
  let refused = 0
  while (
    !(await heir.acquire().then(
      () => true,
      () => false
    ))
  ) {
    refused += 1
  }
  // Under load one wait may last as long as several.
  t.ok(refused >= 1, `${refused} were told to come again`)
  t.ok(performance.now() - start < quick.timeToLive * 3)
  await heir.release()
})

t.test(
  'an engine that is slow to show the record is given more time before its holder is taken for dead',
  async (t) => {
    const { table } = aTable()
    const holder = createLease(
      {
        ...table,
        write: async (...words) => {
          // Each sign of life takes as long as the time to live, but for the first.
          if (words[1] !== undefined) await setTimeout(quick.timeToLive)
          return table.write(...words)
        }
      },
      quick
    )
    await holder.acquire()
    const heir = createLease(
      {
        ...table,
        read: async () => {
          await setTimeout(quick.timeToLive / 2)
          return table.read()
        }
      },
      { ...quick, patience: quick.timeToLive * 4 }
    )
    await t.rejects(heir.acquire(), { code: 'STORE_UNAVAILABLE' })
    await holder.release()
  }
)

t.test('gaps are forgotten once what was in them was taken back', async (t) => {
  const { table, seen, record } = aTable()
  const view = seen()
  await heldUp(t, view.table, view)
  const heir = createLease(table, quick)
  const { last, gaps } = await heir.acquire()
  t.same(oldGaps({ last, gaps }, time), [])
  t.same(oldGaps({ last, gaps }, time + 2 * 3_600_000_000), gaps)
  heir.forget(gaps)
  await heir.commit(last + 1)
  t.same(record()?.gaps, [])
  await heir.release()
})

t.test('the record of an older version, whose holder gives fewer signs of life, is believed for longer', async (t) => {
  const { table, record } = aTable()
  const [one, other] = [createLease(table, quick), createLease(table, { ...quick, patience: quick.timeToLive * 3 })]
  await one.acquire()
  one.abandon()
  const { through: _, ...former } = record() ?? freshRecord
  await table.write({ ...former, through: undefined }, (await table.read())?.version)
  await t.rejects(other.acquire(), { code: 'STORE_UNAVAILABLE' })
  await one.release()
})
