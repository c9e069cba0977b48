import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { createRandom } from '../../src/sample/random.ts'
import { edxEvent, ralphKinds } from '../edx/events.ts'
import { shell } from '../support/ralph-in-shell.ts'
import { ralph } from '../support/ralph-process.ts'

const random = createRandom(29)
const events = Array.from({ length: 30 }, (_, index) => {
  const [kind] = ralphKinds.slice(index % ralphKinds.length)
  return JSON.stringify(edxEvent(random, kind ?? { source: 'browser', type: 'page_close' }, { asText: true }))
})

const prefix = '2023-05-23 13:53:13,461 INFO 20 [tracking] [user 6] [ip 192.0.2.7] logger.py:41 - '
const withPrefix = events.map((event) => `${prefix}${event}`)

/** As logrotate leaves them: the present log, the last one as it was, older ones compressed. */
const rotated = (t: Test, lines: readonly string[]): string => {
  const directory = join(t.testdir(), 'tracking')
  mkdirSync(directory)
  const part = (from: number) => `${lines.slice(from, from + 10).join('\n')}\n`
  writeFileSync(join(directory, 'tracking.log'), part(0).trimEnd())
  writeFileSync(join(directory, 'tracking.log-20230501.gz'), gzipSync(part(10)))
  writeFileSync(join(directory, 'tracking.log-20230502.zst'), zstdCompressSync(part(20)))
  return directory
}

const to = ['-t', 'xapi', '-p', 'https://lms.example.org', '-u', 'ee241f8b-174f-5bdb-bae9-c09de5fe017f']
const whole = `${events.join('\n')}\n`

t.test('a directory of rotated logs is read whole by read -b fs, however its files are compressed', async (t) => {
  const directory = rotated(t, events)
  const env = { RALPH_BACKENDS__DATA__FS__DEFAULT_DIRECTORY_PATH: directory }
  t.match(await ralph(t, ['read', '-b', 'fs'], { env }), { code: 0, stdout: whole })
  const above = { RALPH_BACKENDS__DATA__FS__DEFAULT_DIRECTORY_PATH: join(directory, '..') }
  t.match(await ralph(t, ['read', '-b', 'fs', 'tracking'], { env: above }), { code: 0, stdout: whole })
})

t.test('one file, and files that are all compressed alike, are read as they are', async (t) => {
  const directory = t.testdir()
  const packed = gzipSync(whole)
  for (const name of ['a.gz', 'b.gz']) writeFileSync(join(directory, name), packed)
  const env = { RALPH_BACKENDS__DATA__FS__DEFAULT_DIRECTORY_PATH: directory }
  for (const [query, times] of [
    ['a.gz', 1],
    ['*', 2]
  ] as const) {
    const { code, stdout } = await shell(t, `ralph read -b fs '${query}' | zcat`, { env, cwd: directory })
    t.equal(code, 0)
    t.equal(stdout, whole.repeat(times))
  }
})

t.test('validate, convert and extract take files, directories and what is compressed', async (t) => {
  const directory = rotated(t, events)
  const first = join(directory, 'tracking.log')
  const second = join(directory, 'tracking.log-20230501.gz')
  t.match(await ralph(t, ['validate', '-f', 'edx', directory]), { code: 0, stdout: whole })
  t.match(await ralph(t, ['extract', '-p', 'tracking', directory]), { code: 0, stdout: whole })
  t.equal((await ralph(t, ['validate', '-f', 'edx', second, first])).stdout.split('\n').length, 21)
  const { code, stdout } = await ralph(t, ['convert', '-f', 'edx', ...to, directory])
  t.equal(code, 0)
  const converted = await ralph(t, ['convert', '-f', 'edx', ...to], { input: whole })
  t.equal(stdout, converted.stdout)
  t.match(await shell(t, `cat '${second}' | ralph validate -f edx`, { cwd: directory }), { code: 0, stdout: /\n$/ })
  t.match(await ralph(t, ['validate', '-f', 'edx', first, join(directory, 'none')]), {
    code: 1,
    stdout: '',
    stderr: /none is not there/
  })
})

t.test('lines of the tracking log have their prefix taken off, by all three and inside GELF', async (t) => {
  const directory = rotated(t, withPrefix)
  t.match(await ralph(t, ['validate', '-f', 'edx', directory]), { code: 0, stdout: whole })
  t.match(await ralph(t, ['extract', '-p', 'tracking', directory]), { code: 0, stdout: whole })
  t.match(await ralph(t, ['extract', '-p', 'jsonl', directory]), { code: 0, stdout: whole })
  const gelf = withPrefix.map((line) => JSON.stringify({ version: '1.1', host: 'lms', short_message: line })).join('\n')
  t.match(await ralph(t, ['extract', '-p', 'gelf'], { input: gelf }), { code: 0, stdout: whole })
  const plain = await ralph(t, ['convert', '-f', 'edx', ...to], { input: whole })
  const prefixed = await ralph(t, ['convert', '-f', 'edx', ...to, directory])
  t.equal(prefixed.code, 0)
  t.equal(prefixed.stdout, plain.stdout, 'the ids too')
})

t.test('a line without a record among prefixed ones is told, and takes none with it', async (t) => {
  const input = `${withPrefix[0]}\nnothing here\n${withPrefix[1]}\n{"cut": \n${withPrefix[2]}\n`
  const { code, stdout, stderr } = await ralph(t, ['extract', '-p', 'tracking'], { input })
  t.equal(code, 0)
  t.equal(stdout, `${events.slice(0, 3).join('\n')}\n`)
  t.match(stderr, /line 2 is no JSON.*line 4 is no JSON.*2 lines without a record/s)
})

t.test('what is wrapped is refused with the command that unwraps it, and never lost with exit 0', async (t) => {
  const record = events[0] ?? ''
  const wrapped = [
    [JSON.stringify({ version: '1.1', host: 'lms', short_message: record }), 'gelf'],
    [`{"_index":"events","_id":"1","_source":${record}}`, 'es'],
    [`{"event_id":"1","event":${JSON.stringify(record)}}`, 'clickhouse'],
    [`{"line":1,"reason":"is not valid","record":${record}}`, 'report']
  ] as const
  for (const [line, parser] of wrapped) {
    for (const words of [
      ['validate', '-f', 'edx'],
      ['convert', '-f', 'edx', ...to]
    ]) {
      const { code, stdout, stderr } = await ralph(t, words, { input: `${line}\n` })
      t.match({ code, stdout }, { code: 1, stdout: '' })
      t.match(stderr, new RegExp(`line 1 holds a record in its \\w+: .*ralph extract -p ${parser}\\n`))
    }
    t.match(await ralph(t, ['extract', '-p', parser], { input: `${line}\n` }), { code: 0, stdout: `${record}\n` })
  }
})

t.test('extract that takes nothing fails', async (t) => {
  t.match(await ralph(t, ['extract', '-p', 'gelf'], { input: whole }), {
    code: 1,
    stdout: '',
    stderr: /Error: nothing was extracted: no line has the format that -p gelf expects\n$/
  })
  t.match(await ralph(t, ['extract', '-p', 'gelf'], { input: '\n \n' }), { code: 0, stdout: '' })
})
