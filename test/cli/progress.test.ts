import t from 'tap'
import {
  createForecast,
  formatBytes,
  formatCount,
  formatProgress,
  formatSeconds,
  startProgress
} from '../../src/cli/progress.ts'
import type { Log } from '../../src/contracts/log.ts'

t.test('numbers are written for people', async (t) => {
  t.same([0, 7, 999, 1000, 1234567].map(formatCount), ['0', '7', '999', '1,000', '1,234,567'])
  t.same([0, 1, 999, 1000, 26_722_395, 5e9, 3e15].map(formatBytes), [
    '0 bytes',
    '1 byte',
    '999 bytes',
    '1.0 kB',
    '26.7 MB',
    '5.0 GB',
    '3000.0 TB'
  ])
  t.same([0.04, 59.9, 60, 3599.9, 7384].map(formatSeconds), ['0.0 s', '59.9 s', '1:00', '59:59', '2:03:04'])
})

t.test('with a total there is a bar, the share and the time that is left; without, a counter', async (t) => {
  const done = { records: 5000, bytes: 1_000_000, seconds: 2 }
  t.equal(
    formatProgress('read es', done, { records: 20_000 }, { bar: true, left: 6 }),
    'read es ███░░░░░░░░░ 25% 5,000 records, 1.0 MB, 2,500/s, 2.0 s, 6.0 s left'
  )
  t.equal(
    formatProgress('read es', done, { records: 20_000 }, { bar: false, left: 6 }),
    'read es: 25% 5,000 records, 1.0 MB, 2,500/s, 2.0 s, 6.0 s left'
  )
  t.equal(
    formatProgress('read es', done, {}, { bar: true, left: undefined }),
    'read es: 5,000 records, 1.0 MB, 2,500/s, 2.0 s'
  )
  t.equal(
    formatProgress('read fs', { ...done, records: 0 }, { bytes: 1_000_000 }, { bar: true, left: undefined }),
    'read fs ████████████ 100% 1.0 MB, 500.0 kB/s, 2.0 s'
  )
  t.equal(
    formatProgress('x', { records: 9, bytes: 9, seconds: 0 }, { bytes: 3 }, { bar: true, left: undefined }).includes(
      '100%'
    ),
    true,
    'never more than all'
  )
})

t.test('a narrow terminal loses the bar first, then bytes, then the time; no number is cut', async (t) => {
  const done = { records: 5000, bytes: 1_000_000, seconds: 2 }
  const within = (columns: number): string =>
    formatProgress('read es', done, { records: 20_000 }, { bar: true, left: 6, columns })
  t.equal(within(80), 'read es ███░░░░░░░░░ 25% 5,000 records, 1.0 MB, 2,500/s, 2.0 s, 6.0 s left')
  t.equal(within(68), 'read es: 25% 5,000 records, 1.0 MB, 2,500/s, 2.0 s, 6.0 s left')
  t.equal(within(60), 'read es: 25% 5,000 records, 2,500/s, 2.0 s, 6.0 s left')
  t.equal(within(50), 'read es: 25% 5,000 records, 2,500/s, 6.0 s left')
  t.equal(within(30), 'read es: 25% 5,000 records')
  t.equal(within(20), '5,000 records')
  t.equal(within(5), '')
})

t.test('the time that is left comes after a second, out of the last five', async (t) => {
  const forecast = createForecast()
  t.equal(forecast(0, 0), undefined)
  t.equal(forecast(0.5, 0.9), undefined)
  t.equal(forecast(0.5, 1), 1)
  t.equal(forecast(0.5, 10), undefined, 'nothing has moved for long')
  t.equal(forecast(0.75, 15), 5)
  t.equal(forecast(1, 16), undefined)
})

t.test('one record is one record, and what failed before anything moved has no summary', async (t) => {
  const said: string[] = []
  const log: Log = { debug: () => {}, info: (line) => said.push(line), warn: () => {}, error: () => {} }
  startProgress('read es', { enabled: false, log }).fail()
  t.same(said, [])
  const progress = startProgress('read es', { enabled: false, log })
  progress.add({ records: 1 })
  progress.fail()
  t.same(said, ['read es: failed after 1 record'])
})

t.test('what was counted is said once, in the end', async (t) => {
  const said: string[] = []
  const log: Log = { debug: () => {}, info: (line) => said.push(line), warn: () => {}, error: () => {} }
  const progress = startProgress('read es', { enabled: false, log })
  progress.add({ records: 2 })
  progress.add({ records: 1, bytes: 2000 })
  const end = progress.end()
  t.match(end, { records: 3, bytes: 2000 })
  t.equal(progress.end(), end)
  t.equal(said.length, 1)
  t.match(said[0], /^read es: 3 records, 2\.0 kB in 0\.\d s \([\d,]+\/s\)$/)
})
