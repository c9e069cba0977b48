import t from 'tap'
import { createRandom } from '../../src/sample/random.ts'
import { edxEvent } from '../edx/events.ts'
import { ralph } from '../support/ralph-process.ts'

/** As `ngx_http_log_escape` writes a variable. */
const escaped = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) =>
      byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c
        ? `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
        : String.fromCharCode(byte)
    )
    .join('')

const random = createRandom(7)
const event = edxEvent(random, { source: 'browser', type: 'page_close' }, { asText: true })
const records = [
  JSON.stringify(event),
  JSON.stringify({ ...event, agent: 'Zoë "🙂" \\ \\x22 {\u0001}\n' }),
  JSON.stringify(event, null, 1).replaceAll('\n', ' ')
]
const lines = records.flatMap((record) => [
  `192.0.2.7 - - [23/May/2023:13:53:13 +0000] "POST /event HTTP/1.1" 200 5 "${escaped(record)}" "-" "Mozilla/5.0 {x}"`,
  `192.0.2.7 - - [23/May/2023:13:53:13 +0000] ${escaped(record)}`,
  escaped(record)
])
const input = `${lines.join('\n')}\n`

t.test('field C5: extract takes records that nginx has escaped out of its access log, as they were', async (t) => {
  for (const parser of ['tracking', 'jsonl']) {
    const { code, stdout, stderr } = await ralph(t, ['extract', '-p', parser], { input })
    t.equal(code, 0, stderr)
    t.equal(stdout, `${records.flatMap((record) => [record, record, record]).join('\n')}\n`, parser)
  }
})

t.test('field C5: the same within GELF comes out in one go', async (t) => {
  const wrapped = lines.map((line) => JSON.stringify({ version: '1.1', short_message: line, level: 6 }))
  const bare = JSON.stringify({ short_message: records[1] })
  const { code, stdout, stderr } = await ralph(t, ['extract', '-p', 'gelf'], {
    input: `${[...wrapped, bare].join('\n')}\n${wrapped[0]}`
  })
  t.equal(code, 0, stderr)
  const expected = [...records.flatMap((record) => [record, record, record]), records[1], records[0]]
  t.equal(stdout, `${expected.join('\n')}\n`)
})

t.test('field C5: validate and convert say what such a line is, and how to take the record out', async (t) => {
  for (const words of [
    ['validate', '-f', 'edx', '-I'],
    [
      'convert',
      '-f',
      'edx',
      '-t',
      'xapi',
      '-p',
      'https://lms.example.org',
      '-u',
      'ee241f8b-174f-5bdb-bae9-c09de5fe017f',
      '-I'
    ]
  ]) {
    const { stdout, stderr } = await ralph(t, words, { input })
    t.equal(stdout, '')
    t.equal(
      stderr.match(/holds a record escaped by nginx \(\\x22\): .*ralph extract -p tracking/g)?.length,
      lines.length
    )
  }
})

t.test('field C5: a line that is broken behind the escapes is refused', async (t) => {
  const { code, stdout, stderr } = await ralph(t, ['extract', '-p', 'tracking'], { input: '{\\x22a\\x22:\n{\\x22' })
  t.equal(stdout, '')
  t.not(code, 0)
  t.match(stderr, /line 1 is no JSON(?:.|\n)*line 2 is no JSON/)
})
