import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { createLease, type LeaseRecord, type LeaseTable } from '../../src/rounds/lease.ts'

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
      lease.requireHeld()
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
  t.same(await lease.acquire(), { last: 0, undisturbed: false, seized: false })
  await lease.commit(7)
  await lease.pause()
  const holder = record()?.holder
  t.same(await lease.acquire(), { last: 7, undisturbed: true, seized: false })
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
  t.throws(() => dead.requireHeld(), { code: 'STORE_UNAVAILABLE' }, 'it has stopped by itself')
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
  long.requireHeld()
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
  t.throws(() => lease.requireHeld(), { code: 'STORE_UNAVAILABLE' })
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
  t.equal(lease.lastIfHeld(), undefined)
  await lease.acquire()
  await lease.commit(5)
  t.equal(lease.lastIfHeld(), 5)
  const releasing = lease.release()
  await setTimeout(0)
  t.equal(lease.lastIfHeld(), undefined, 'nor while it is being let go')
  await releasing
  t.equal(lease.lastIfHeld(), undefined)
})
