import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { BatchReport, InputRecord, RecordsBackend } from '../../src/contracts/data-backend.ts'
import { RalphError } from '../../src/errors.ts'
import type { BadLine } from '../../src/toolbox/records.ts'
import { type WriteProgress, writeRecords } from '../../src/toolbox/write.ts'

const lines = (count: number): string => Array.from({ length: count }, (_, n) => `{"n":${n + 1}}\n`).join('')

const chunksOf = async function* (text: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += 50) yield Buffer.from(text.slice(at, at + 50))
}

const backendOf = (write: (batch: readonly InputRecord[]) => Promise<BatchReport>): RecordsBackend => ({
  moves: 'records',
  status: async () => ({ state: 'ok' }),
  write,
  close: async () => {}
})

interface Given {
  readonly write: (batch: readonly InputRecord[]) => Promise<BatchReport>
  readonly input: string | AsyncIterable<Uint8Array>
  readonly concurrency?: number
  readonly bad?: BadLine[]
  readonly signal?: AbortSignal
}

const run = async ({ write, input, concurrency = 1, bad, signal = new AbortController().signal }: Given) => {
  const progress: WriteProgress = { written: 0, already: 0, rejected: 0, bytes: 0 }
  let failure: unknown
  try {
    await writeRecords(backendOf(write), typeof input === 'string' ? chunksOf(input) : input, {
      operation: 'create',
      target: undefined,
      chunkSize: 10,
      concurrency,
      maxLineBytes: 1000,
      signal,
      progress,
      onRejected: bad === undefined ? undefined : (each) => bad.push(each)
    })
  } catch (error) {
    failure = error
  }
  return { progress, failure }
}

const written = (batch: readonly InputRecord[]): BatchReport => ({ written: batch.length, already: 0, rejected: [] })

t.test('records go out in batches of the size that was asked for, with the numbers of their lines', async (t) => {
  const batches: (readonly InputRecord[])[] = []
  const { progress, failure } = await run({
    input: `\n${lines(25)}`,
    write: async (batch) => {
      batches.push(batch)
      return written(batch)
    }
  })
  t.equal(failure, undefined)
  t.same(
    batches.map(({ length }) => length),
    [10, 10, 5]
  )
  t.match(batches[2]?.[4], { line: 26, text: '{"n":25}', value: { n: 25 } })
  t.match(progress, { written: 25, rejected: 0 })
})

t.test('as many batches are under way as was asked for, and no more', async (t) => {
  let now = 0
  let most = 0
  const write = async (batch: readonly InputRecord[]): Promise<BatchReport> => {
    now += 1
    most = Math.max(most, now)
    await wait(5)
    now -= 1
    return written(batch)
  }
  const { progress } = await run({ input: lines(200), concurrency: 3, write })
  t.equal(most, 3)
  t.equal(progress.written, 200)
})

t.test('the first bad line ends it: what came before is written, what comes behind is not', async (t) => {
  const seen: number[] = []
  const { progress, failure } = await run({
    input: `${lines(14)}{"n":\n${lines(30)}`,
    write: async (batch) => {
      seen.push(...batch.map(({ line }) => line))
      return written(batch)
    }
  })
  t.match(failure, { code: 'INVALID_INPUT', message: /^line 15 is no JSON: / })
  t.same(
    seen,
    Array.from({ length: 14 }, (_, index) => index + 1)
  )
  t.match(progress, { written: 14, rejected: 1 })
})

t.test('who wants to go on is told each line and record that is rejected, and the rest is written', async (t) => {
  const bad: BadLine[] = []
  const { progress, failure } = await run({
    input: `${lines(14)}nonsense\n${lines(5)}`,
    bad,
    write: async (batch) => {
      const rejected = batch.filter(({ value }) => value.n === 3).map((record) => ({ record, reason: 'is 3' }))
      return { written: batch.length - rejected.length, already: 0, rejected }
    }
  })
  t.equal(failure, undefined)
  t.match(progress, { written: 17, rejected: 3 })
  t.match(
    bad.sort((one, other) => one.line - other.line),
    [
      { line: 3, reason: 'is 3', text: '{"n":3}' },
      { line: 15, reason: /^is no JSON/, text: 'nonsense' },
      { line: 18, reason: 'is 3' }
    ]
  )
})

t.test('when the place fails, what was under way is waited for and counted', async (t) => {
  let calls = 0
  const { progress, failure } = await run({
    input: lines(100),
    concurrency: 2,
    write: async (batch) => {
      calls += 1
      const own = calls
      await wait(own === 1 ? 30 : 5)
      if (own === 2) throw new RalphError('STORE_UNAVAILABLE', 'it is gone')
      return written(batch)
    }
  })
  t.match(failure, { code: 'STORE_UNAVAILABLE', message: 'it is gone' })
  t.equal(progress.written, 10)
  t.equal(calls, 2, 'nothing more is sent')
})

t.test('interrupted, it says so, and counts what was written', async (t) => {
  const stop = new AbortController()
  const { progress, failure } = await run({
    input: lines(100),
    signal: stop.signal,
    write: async (batch) => {
      stop.abort(new RalphError('INTERRUPTED', 'stop'))
      return written(batch)
    }
  })
  t.match(failure, { code: 'INTERRUPTED' })
  t.ok(progress.written > 0 && progress.written < 100, `${progress.written}`)
})

const never = new Promise<never>(() => {})

t.test(
  'when nothing comes for a while, what has come is written, however little it is',
  { timeout: 20_000 },
  async (t) => {
    const seen: number[] = []
    let isWritten = (): void => {}
    const input = async function* (): AsyncGenerator<Uint8Array> {
      for (const count of [3, 2]) {
        const written = new Promise<void>((resolve) => {
          isWritten = resolve
        })
        yield Buffer.from(lines(count))
        // A stream that says nothing more until this was written.
        await written
      }
    }
    const { progress, failure } = await run({
      input: input(),
      write: async (batch) => {
        seen.push(batch.length)
        isWritten()
        return written(batch)
      }
    })
    t.equal(failure, undefined)
    t.same(seen, [3, 2])
    t.equal(progress.written, 5)
  }
)

t.test('when the place fails, no further input is waited for', { timeout: 20_000 }, async (t) => {
  const input = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from(lines(10))
    await never
  }
  const { failure } = await run({
    input: input(),
    write: async () => {
      throw new RalphError('STORE_UNAVAILABLE', 'it is gone')
    }
  })
  t.match(failure, { message: 'it is gone' })
})

t.test('all records of a batch that a backend refuses are named, though the first one ends it', async (t) => {
  const refuse = (...places: number[]) => {
    return async (batch: readonly InputRecord[]): Promise<BatchReport> => {
      const rejected = batch
        .filter(({ line }) => places.includes(line))
        .map((record) => ({ record, reason: 'is taken' }))
      return { written: batch.length - rejected.length, already: 0, rejected }
    }
  }
  const two = await run({ input: lines(30), write: refuse(7, 3) })
  t.match(two.failure, {
    code: 'INVALID_INPUT',
    message: 'line 3 is taken; line 7 is taken',
    details: { lines: [3, 7] }
  })
  t.match(two.progress, { written: 8, rejected: 2 })
  const many = await run({ input: 'x\n'.repeat(15), write: refuse() })
  t.match((many.failure as Error).message, /^line 1 is no JSON.*; line 10 is no JSON.*; and 5 more lines$/)
})
