import { createHash } from 'node:crypto'
import t from 'tap'
import { jsonOf, textOf } from '../support/answer.ts'
import { type Client, startLrs } from '../support/lrs.ts'
import { requireFair } from '../support/others.ts'
import { attachmentOf, contentPart, multipart, sent, statementPart } from '../support/requests.ts'

/** Decision 31, of what comes in: others are answered meanwhile, and a limit's error names its setting. */

const mebibyte = 2 ** 20
const json = { 'content-type': 'application/json' }
const path = '/xAPI/activities/state'
const query = { activityId: 'https://example.org/a', agent: { mbox: 'mailto:a@example.org' }, stateId: 'x' }

const keysOf = (prefix: string, count: number, value: string): string =>
  `{${Array.from({ length: count }, (_, at) => `"${prefix}${at}":${value}`).join()}}`
const numbers = (bytes: number): string => `[${Array.from({ length: bytes / 8 }, (_, at) => 1_000_000 + at).join()}]`

const merge = (asker: Client, body: string) => asker.send('POST', path, { query, headers: json, body })
const content = async (asker: Client) => textOf(await asker.send('GET', path, { query }))
const keysIn = async (asker: Client) => Object.keys(JSON.parse(await content(asker)))

t.test('while large documents are merged, others are answered', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const many = '"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"'
  for (const [what, first, second] of [
    ['many keys', keysOf('a', 90_000, many), keysOf('a', 99_000, many)],
    ['a large value', `{"a":${numbers(5 * mebibyte)}}`, `{"b":${numbers(5 * mebibyte)}}`]
  ] as const) {
    await asker.send('DELETE', path, { query })
    await requireFair(t, lrs, `${what}, stored`, 204, () => merge(asker, first))
    await requireFair(t, lrs, `${what}, merged`, 204, () => merge(asker, second))
    t.ok((await content(asker)) === JSON.stringify({ ...JSON.parse(first), ...JSON.parse(second) }))
  }
})

t.test('large documents that are merged at once all leave what they brought', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const names = Array.from({ length: 8 }, (_, at) => `k${at}`)
  const answers = await Promise.all(names.map((name) => merge(asker, `{"${name}":${numbers(mebibyte / 4)}}`)))
  t.same([...new Set(answers.map(({ status }) => status))], [204])
  t.same((await keysIn(asker)).sort(), names)
})

t.test('a document with more keys than a setting allows is not merged', async (t) => {
  const asker = (await startLrs(t, { settings: { maxDocumentKeys: 100 } })).fresh()
  const refusal = { error: 'BODY_TOO_LARGE', limit: 100, setting: 'RALPH_RUNSERVER_MAX_DOCUMENT_KEYS' }
  const alone = await merge(asker, keysOf('a', 101, '1'))
  t.equal(alone.status, 413)
  t.match(jsonOf(alone), refusal)
  t.equal((await merge(asker, keysOf('a', 100, '{"b":1,"c":2}'))).status, 204, 'keys below the top level do not count')
  t.equal((await merge(asker, keysOf('a', 100, '2'))).status, 204)
  t.match(jsonOf(await merge(asker, '{"b":1}')), refusal)
  t.equal((await keysIn(asker)).length, 100)
})

const multipartOf = (body: Buffer, boundary = 'a') => ({
  body,
  headers: { 'content-type': `multipart/mixed; boundary=${boundary}` }
})

t.test('while a multipart body is taken apart, others are answered', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const post = ({ body, headers }: ReturnType<typeof multipartOf>) => asker.post(body, { headers })
  const head = Array.from({ length: 2000 }, (_, at) => `h${at}:`).join('\r\n')
  const part = `--a\r\n${head}\r\n\r\n\r\n`
  const wrong = {
    'boundaries that are none': Buffer.from('\r\n--ab'.repeat(mebibyte)),
    'heads of parts': Buffer.from(`${part.repeat(600)}--a--\r\n`)
  }
  for (const [what, body] of Object.entries(wrong)) {
    await requireFair(t, lrs, what, 400, () => post(multipartOf(body)))
  }
  const large = Buffer.alloc(32 * mebibyte, 'large')
  const sha2 = createHash('sha512').update(large).digest('hex')
  const statement = sent({ attachments: [attachmentOf(large, { sha2 })] })
  const whole = multipart([statementPart(statement), contentPart(large, sha2)])
  await requireFair(t, lrs, 'an attachment', 200, () => post(whole))
})

t.test('what is beyond a limit of multipart is refused, and the error names the setting', async (t) => {
  const asker = (await startLrs(t, { settings: { maxParts: 3, maxHeaderSize: 4096, maxStatementSize: 4096 } })).fresh()
  const contents = ['a', 'b', 'c']
  const statement = sent({ attachments: contents.map((each) => attachmentOf(each)) })
  const { body, headers } = multipart([statementPart(statement), ...contents.map((each) => contentPart(each))])
  const many = await asker.post(body, { headers })
  t.equal(many.status, 400)
  t.match(jsonOf(many), { error: 'INVALID_MULTIPART', limit: 3, setting: 'RALPH_RUNSERVER_MAX_PARTS_PER_REQUEST' })
  const long = await asker.post(Buffer.from(`--a\r\nx: ${'y'.repeat(5000)}\r\n\r\n\r\n--a--`), {
    headers: multipartOf(Buffer.of()).headers
  })
  t.match(jsonOf(long), { error: 'INVALID_MULTIPART', limit: 4096, setting: 'RALPH_RUNSERVER_MAX_HEADER_SIZE' })
  const jws = `a.${'b'.repeat(2 ** 19)}.c`
  const signature = attachmentOf(jws, {
    usageType: 'http://adlnet.gov/expapi/attachments/signature',
    contentType: 'application/octet-stream'
  })
  const signed = multipart([statementPart(sent({ attachments: [signature] })), contentPart(jws)])
  const refused = await asker.post(signed.body, { headers: signed.headers })
  t.match(jsonOf(refused), { error: 'INVALID_SIGNATURE', setting: 'RALPH_RUNSERVER_MAX_STATEMENT_SIZE' })
})
