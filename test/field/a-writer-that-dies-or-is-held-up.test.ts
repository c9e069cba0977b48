import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openEs } from '../../src/backends/es/lrs.ts'
import { openMongo } from '../../src/backends/mongo/lrs.ts'
import type { LrsBackend, LrsStore } from '../../src/contracts/lrs-backend.ts'
import { RalphError } from '../../src/errors.ts'
import { defaultLease } from '../../src/storage/batching/lease.ts'
import { missing } from '../contracts/kill.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { quickLease } from '../contracts/write-batches.ts'
import { sizeOf } from '../support/batch-writer.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import * as es from '../support/es.ts'
import { allPages } from '../support/judged-store.ts'
import * as mongo from '../support/mongo.ts'
import { useEs, useMongo } from '../support/openers.ts'
import { aBatch, aStatement } from '../support/statements.ts'

const program = new URL('../support/batch-writer.ts', import.meta.url).pathname

/** Another server: a process that writes batches, four at a time, and says which were acknowledged. */
const startWriter = (t: Test, name: string, first: number) => {
  const words = ['--disable-warning=ExperimentalWarning', program, name, '', String(first)]
  const child: ChildProcess = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [said, complaint] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  t.teardown(kill)
  return {
    acknowledged: (): number[] =>
      said
        .split('\n')
        .slice(0, -1)
        .map((line) => Number(line.split(' ')[0])),
    /** The writer ends when a batch of its is refused. */
    refused: (): boolean => child.exitCode !== null,
    complaint: () => complaint,
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    kill
  }
}

type Writer = ReturnType<typeof startWriter>

const untilMore = async (writer: Writer, count: number): Promise<void> => {
  const wanted = writer.acknowledged().length + count
  for (let tries = 0; writer.acknowledged().length < wanted && !writer.refused(); tries += 1) {
    if (tries > 3000) throw new Error(`nothing was acknowledged in a minute: ${writer.complaint()}`)
    await setTimeout(20)
  }
}

/** Milliseconds until the first statement is acknowledged, whatever is refused before. */
const insertOne = async (t: Test, { statements }: LrsStore): Promise<number> => {
  const start = performance.now()
  for (;;) {
    try {
      await statements.insert(aBatch(aStatement()))
      return performance.now() - start
    } catch (error) {
      if (!(error instanceof RalphError) || error.code !== 'STORE_UNAVAILABLE') throw error
      t.equal(error.details.retryAfter, 1, 'who is refused is told when to come again')
    }
  }
}

const onEngine = (name: 'es' | 'mongo', open: (t: Test, lease: typeof defaultLease) => LrsBackend): void => {
  t.test(`${name}: a server that was killed while it wrote is followed within 3 s (decision 33)`, async (t) => {
    const backend = open(t, defaultLease)
    const store = await backend.store()
    await store.statements.insert(aBatch(aStatement()))
    const acknowledged: number[] = []
    for (let round = 0; round < 3; round += 1) {
      // How busy the machine is with other tests.
      const usual = await insertOne(t, store)
      const writer = startWriter(t, name, 10_000 * (round + 1))
      await untilMore(writer, 3)
      await writer.kill()
      const waited = await insertOne(t, store)
      t.ok(waited < 3000 + 5 * usual, `${Math.round(waited)} ms, and ${Math.round(usual)} ms as a rule`)
      acknowledged.push(...writer.acknowledged())
      const { half, lost } = await missing(store, writer.acknowledged(), 0)
      t.same([half, lost], [[], []], `round ${round}: nothing is lost, and nothing there in part`)
    }
    t.ok(acknowledged.length > 0)
  })

  t.test(`${name}: a server that was held up while it wrote loses nothing and tears nothing`, async (t) => {
    const backend = open(t, quickLease)
    const store = await backend.store()
    let [writing, mine] = [true, 0]
    const write = async (): Promise<void> => {
      while (writing) {
        await insertOne(t, store)
        mine += 1
        // Everything is read after each round: as much as tells whether this server goes on is enough.
        await setTimeout(20)
      }
    }
    const own = write()
    const acknowledged: number[] = []
    let [first, highest] = [0, 0]
    for (let round = 0; round < 6; round += 1) {
      const writer = startWriter(t, name, first)
      await untilMore(writer, 2 + ((round * 7) % 5))
      // Longer than the time to live: another one takes over, and it wakes in the middle of what it did.
      writer.signal('SIGSTOP')
      const before = mine
      for (let waited = 0; mine < before + 3; waited += 1) {
        if (waited > 3000) throw new Error('the other server does not take over')
        await setTimeout(20)
      }
      writer.signal('SIGCONT')
      await setTimeout(300 * (round % 3))
      await writer.kill()
      acknowledged.push(...writer.acknowledged())
      highest = Math.max(first, ...acknowledged) + 8
      const { half, lost } = await missing(store, acknowledged, highest)
      t.same(half, [], `round ${round}: no batch is there in part`)
      t.same(lost, [], `round ${round}: none of ${acknowledged.length} acknowledged batches is lost`)
      first = highest + 1
    }
    writing = false
    await own
    const all = await allPages(store, { ascending: true, limit: 500 })
    t.equal(new Set(all.map(({ stored }) => stored)).size, all.length, 'no two statements have the same time')
    const least = mine + acknowledged.reduce((sum, batch) => sum + sizeOf(batch), 0)
    t.ok(all.length >= least, `${all.length} of at least ${least}`)
  })
}

const engines = { es: await engineFor('es'), mongo: await engineFor('mongo') }

if ('missing' in engines.es) t.test('a writer on es', { skip: engines.es.missing }, async () => {})
else {
  const { url, stop } = engines.es
  t.teardown(stop)
  onEngine('es', (t, lease) => {
    const options = es.someIndices(t, url)
    useEs(url, options.index, options.targetPrefix)
    const backend = openEs(
      { ...options, lease },
      contextOf(t, () => Date.now() * 1000, '')
    )
    t.teardown(() => backend.close())
    return backend
  })
}

if ('missing' in engines.mongo) t.test('a writer on mongo', { skip: engines.mongo.missing }, async () => {})
else {
  const { url, stop } = engines.mongo
  t.teardown(stop)
  const { options } = await mongo.aDatabase(t, url)
  let number = 0
  onEngine('mongo', (t, lease) => {
    number += 1
    const database = `${options.database}_${number}`
    useMongo(url, database)
    const own = { ...options, database, collection: 'marsha', lease }
    const backend = openMongo(
      own,
      contextOf(t, () => Date.now() * 1000, '')
    )
    t.teardown(() => backend.close())
    return backend
  })
}
