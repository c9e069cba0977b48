import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { shell } from '../support/ralph-in-shell.ts'
import { ralph, startRalph } from '../support/ralph-process.ts'

const record = '{"n": 1.0, "text":"\\u00e9"}'
const gelf = `{"version":"1.1","host":"lms","short_message":${JSON.stringify(record)}}\n`
const hit = `{"_index":"statements","_id":"1","_source":${record}}\n`

t.test('records come out of GELF and of what databases wrap around them', async (t) => {
  for (const [parser, input] of [
    ['gelf', gelf],
    ['es', hit],
    ['mongo', hit],
    ['clickhouse', `{"event_id":"1","event":${record}}\n`],
    ['jsonl', record]
  ] as const) {
    t.match(await ralph(t, ['extract', '-p', parser], { input }), {
      code: 0,
      stdout: `${record}\n`,
      stderr: /^[^\n]* INFO {5}extract \w+: 1 record, [^\n]*\n$/
    })
  }
})

t.test('bad lines are logged with their number and passed over, and that is no failure', async (t) => {
  const report = join(t.testdir(), 'report.jsonl')
  const words = ['extract', '-p', 'gelf', '--report', report, '--max-line-bytes', '1KiB']
  const input = `${gelf}{"short_message"\n{}\n{"short_message":"${'x'.repeat(1024)}"}\n${gelf}`
  const { code, stdout, stderr } = await ralph(t, words, { input })
  t.equal(code, 0)
  t.equal(stdout, `${record}\n${record}\n`)
  t.match(
    stderr,
    /ERROR {4}line 2 is no JSON: .*\n.*ERROR {4}line 3 has no short_message\n.*ERROR {4}line 4 is longer than 1024 bytes\n/
  )
  t.match(stderr, /WARNING {2}3 lines without a record were skipped\n$/)
  const lines = readFileSync(report, 'utf8').trim().split('\n')
  t.match(
    lines.map((line) => JSON.parse(line)),
    [
      { line: 2, record: '{"short_message"' },
      { line: 3, record: {} },
      { line: 4, reason: 'is longer than 1024 bytes' }
    ]
  )
  t.match(await ralph(t, ['extract', '-p', 'report', report]), { code: 0, stdout: '{"short_message"\n{}\n' })
})

t.test('thousands of bad lines do not flood the log, and the report has them all', async (t) => {
  const report = join(t.testdir(), 'report.jsonl')
  const input = '{}\n'.repeat(2000)
  const { code, stderr } = await ralph(t, ['extract', '-p', 'es', '--report', report], { input })
  t.equal(code, 1, 'it took nothing')
  t.match(stderr, /ERROR {4}line 1000 has no _source\n[^\n]*WARNING {2}further lines are counted but not shown/)
  t.match(
    stderr,
    /WARNING {2}2,000 lines without a record were skipped\nError: nothing was extracted: .* -p es expects\n$/
  )
  t.notMatch(stderr, 'line 1001 ')
  t.equal(readFileSync(report, 'utf8').split('\n').length, 2001)
})

t.test('compressed archives are unpacked on the fly, from a file or a pipe', async (t) => {
  const directory = t.testdir()
  const files = { 'a.gz': gzipSync(gelf), 'a.zst': zstdCompressSync(gelf) }
  for (const [name, bytes] of Object.entries(files)) {
    const file = join(directory, name)
    writeFileSync(file, Buffer.concat([bytes, bytes]))
    t.match(await ralph(t, ['extract', '-p', 'gelf', file]), { code: 0, stdout: `${record}\n${record}\n` })
    t.match(await shell(t, `cat ${name} | ralph extract -p gelf -`, { cwd: directory }), {
      code: 0,
      stdout: `${record}\n${record}\n`
    })
    t.match(await ralph(t, ['extract', '-p', 'gelf', '--decompress', 'none', file]), { code: 1, stdout: '' })
  }
  writeFileSync(join(directory, 'cut.gz'), files['a.gz'].subarray(0, -9))
  t.match(await ralph(t, ['extract', '-p', 'gelf', join(directory, 'cut.gz')]), {
    code: 1,
    stderr: /\nError: the input ends in the middle of its gzip data\n$/
  })
})

t.test('no input, no file, no parser', async (t) => {
  t.match(await ralph(t, ['extract', '-p', 'gelf']), { code: 0, stdout: '', stderr: /the input is empty/ })
  t.match(await ralph(t, ['extract', '-p', 'gelf', '/nonexistent/x']), {
    code: 1,
    stderr: 'Error: /nonexistent/x is not there\n'
  })
  t.match(await ralph(t, ['extract', '-p', 'gelf', t.testdir()]), {
    code: 1,
    stderr: /^Error: .* cannot be read: it is a directory without files\n$/
  })
  t.match(await ralph(t, ['extract']), { code: 2, stderr: /required option '-p, --parser <name>' not specified/ })
  t.match(await ralph(t, ['extract', '-p', 'xml']), { code: 2, stderr: /Allowed choices are gelf, es, mongo/ })
})

t.test('memory stays flat however long the input is', async (t) => {
  const child = startRalph(t, ['extract', '-p', 'es', '--no-progress'])
  const lines = Buffer.from(hit.repeat(20_000))
  let out = 0
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.length
  })
  const peak = (): number =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
  const peaks: number[] = []
  for (let turn = 0; turn < 150; turn += 1) {
    if (child.stdin?.write(lines) === false) await once(child.stdin, 'drain')
    if (turn === 50 || turn === 149) peaks.push(peak())
  }
  const closed = once(child, 'close')
  child.stdin?.end()
  t.strictSame(await closed, [0, null])
  t.equal(out, 150 * 20_000 * (record.length + 1))
  const [early = 0, late = 0] = peaks
  t.ok(late < early + 40 && late < 250, `${early} MB after a third of it, ${late} MB at its end`)
})
