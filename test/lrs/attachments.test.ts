import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import type { Attachment } from '../../src/xapi/statement.ts'
import { type Answer, jsonOf, textOf } from '../support/answer.ts'
import { basic, type Client, forEachBackend, isDurable, startLrs } from '../support/lrs.ts'
import {
  attachmentOf,
  contentPart,
  multipart,
  multipartBytes,
  type Part,
  partsOf,
  sent,
  sha2Of,
  statementPart
} from '../support/requests.ts'
import { aSubStatement } from '../support/statements.ts'

const boundary = 'a-boundary'
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

/** Bytes that a parser of lines, of text, or of form data would spoil. */
const contents: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  'one byte': Buffer.from([0]),
  'every byte': everyByte,
  'a line end': Buffer.from('\r\n'),
  'line ends at both ends': Buffer.from('\r\n\r\ntext\r\n\r\n'),
  'the boundary itself': Buffer.from(boundary),
  'the delimiter, within a line': Buffer.from(`x--${boundary}\r\n`),
  'a longer delimiter on a line of its own': Buffer.from(`\r\n--${boundary}x\r\n`),
  'a shorter delimiter': Buffer.from(`\r\n--${boundary.slice(0, -1)}\r\n`),
  'the delimiter behind a mere line feed': Buffer.from(`\n--${boundary}\n`),
  'the end of it, lengthened': Buffer.from(`\r\n--${boundary}--x\r\n`),
  'headers of a part': Buffer.from('Content-Type: text/plain\r\n\r\n'),
  'bytes that are not UTF-8': Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x80]),
  'a byte order mark': Buffer.from('\ufefftext'),
  'many random bytes': randomBytes(200_000)
}

const postParts = (asker: Client, parts: readonly Part[], more: object = {}): Promise<Answer> =>
  asker.post(undefined, { ...multipart(parts), ...more })

const storedContents = async (asker: Client, id: string): Promise<readonly Buffer[]> =>
  partsOf(await asker.get({ statementId: id, attachments: true }))
    .slice(1)
    .map(({ content }) => content)

forEachBackend(t, (t, lrs) => {
  t.test('ruling 18: bytes of every kind come back as they were sent', async (t) => {
    const asker = lrs.fresh()
    const everything = Object.values(contents)
    const statement = sent({ attachments: everything.map((content) => attachmentOf(content)) })
    const answer = await postParts(asker, [
      statementPart(statement),
      ...everything.map((content) => contentPart(content))
    ])
    t.equal(answer.status, 200, textOf(answer))
    const found = await storedContents(asker, statement.id)
    for (const [index, [what, content]] of Object.entries(contents).entries()) t.ok(found[index]?.equals(content), what)
    t.equal(found.length, everything.length)
    if (!isDurable(lrs.backend)) return
    await lrs.restart()
    const later = await storedContents(asker, statement.id)
    t.ok(
      everything.every((content, index) => later[index]?.equals(content)),
      'after a restart too'
    )
  })

  t.test('ruling 18: SHA-2 of any of its sizes, in any case', async (t) => {
    const asker = lrs.fresh()
    for (const algorithm of ['sha224', 'sha256', 'sha384', 'sha512']) {
      const content = Buffer.from(algorithm)
      const sha2 = sha2Of(content, algorithm)
      const statement = sent({ attachments: [attachmentOf(content, { sha2 })] })
      t.equal(
        (await postParts(asker, [statementPart(statement), contentPart(content, sha2.toUpperCase())])).status,
        200
      )
      t.same(await storedContents(asker, statement.id), [content], algorithm)
    }
  })

  t.test('ruling 18: one part serves all statements that name its hash, and comes back once', async (t) => {
    const asker = lrs.fresh()
    const statements = [
      sent({ attachments: [attachmentOf('essay'), attachmentOf('essay', { usageType: 'https://example.org/other' })] }),
      sent({ attachments: [attachmentOf('essay', { display: { de: 'Aufsatz' } })] }),
      sent({ object: aSubStatement({ attachments: [attachmentOf('essay')] }) })
    ]
    t.equal((await postParts(asker, [statementPart(statements), contentPart('essay')])).status, 200)
    const [json, ...others] = partsOf(await asker.get({ attachments: true }))
    t.equal(JSON.parse(String(json?.content)).statements.length, 3)
    t.same(
      others.map(({ content }) => String(content)),
      ['essay']
    )
    for (const { id } of statements) t.same((await storedContents(asker, id)).map(String), ['essay'])
  })

  t.test(
    'Communication §1.5.2: parts have their headers, the first is the JSON; without `attachments` there is JSON only',
    async (t) => {
      const asker = lrs.fresh()
      const statement = sent({ attachments: [attachmentOf('essay', { contentType: 'text/plain; charset=ascii' })] })
      await postParts(asker, [statementPart(statement), contentPart('essay')])
      const [json, part] = partsOf(await asker.get({ statementId: statement.id, attachments: true }))
      t.match(json?.headers.get('content-type'), /^application\/json/)
      t.equal(part?.headers.get('content-type'), 'text/plain; charset=ascii')
      t.equal(part?.headers.get('content-transfer-encoding'), 'binary')
      t.equal(part?.headers.get('x-experience-api-hash'), sha2Of('essay'))
      const plain = await asker.get({ statementId: statement.id })
      t.match(plain.headers.get('content-type'), /^application\/json/)
      t.equal(jsonOf(plain).id, statement.id)
      t.same(partsOf(await asker.get({ attachments: true, since: '2100-01-01T00:00:00Z' })).length, 1, 'none to show')
    }
  )

  t.test('Communication §1.5.2: PUT takes attachments too', async (t) => {
    const asker = lrs.fresh()
    const statement = sent({ attachments: [attachmentOf('essay')] })
    const { id } = statement
    const request = { query: { statementId: id }, ...multipart([statementPart(statement), contentPart('essay')]) }
    t.equal((await asker.send('PUT', '/xAPI/statements', request)).status, 204)
    t.same((await storedContents(asker, id)).map(String), ['essay'])
  })

  t.test('ruling 18: with a fileUrl no part is needed, and none comes back unless it was sent', async (t) => {
    const asker = lrs.fresh()
    const fileUrl = 'https://files.example.org/essay'
    const statement = sent({ attachments: [attachmentOf('essay', { fileUrl })] })
    t.equal((await asker.post(statement)).status, 200, 'as plain JSON')
    t.same(await storedContents(asker, statement.id), [])
    const other = sent({ attachments: [attachmentOf('essay', { fileUrl })] })
    t.equal((await postParts(asker, [statementPart(other), contentPart('essay')])).status, 200)
    t.same((await storedContents(asker, other.id)).map(String), ['essay'])
  })

  t.test('ruling 18: a wrong part is 400, and nothing of the request is stored', async (t) => {
    const asker = lrs.fresh()
    const named = (content: string) => sent({ attachments: [attachmentOf(content)] })
    const wrong: Readonly<Record<string, readonly Part[]>> = {
      'bytes that do not have the hash': [
        statementPart([sent(), named('essay')]),
        contentPart('other', sha2Of('essay'))
      ],
      'one byte more': [statementPart([named('essay')]), contentPart('essay\n', sha2Of('essay'))],
      'a part too many': [statementPart([sent(), named('essay')]), contentPart('essay'), contentPart('more')],
      'a part and no attachment': [statementPart([sent()]), contentPart('essay')],
      'a missing part': [statementPart([named('essay'), named('other')]), contentPart('essay')],
      'no parts at all': [statementPart([named('essay')])]
    }
    for (const [what, parts] of Object.entries(wrong)) {
      const answer = await postParts(asker, parts)
      t.equal(answer.status, 400, what)
      t.equal(jsonOf(answer).error, 'INVALID_ATTACHMENT', what)
    }
    t.equal((await asker.post([sent(), named('essay')])).status, 400, 'plain JSON has no parts')
    t.same(await asker.list(), [])
  })
})

t.test('ruling 18: header names in any case, boundary quoted or not, preamble and epilogue ignored', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const forms: Readonly<Record<string, (parts: readonly Part[]) => { type: string; body: Buffer }>> = {
    'a quoted boundary': (parts) => ({
      type: `multipart/mixed; boundary="${boundary}"`,
      body: multipartBytes(parts, boundary)
    }),
    'a boundary with spaces': (parts) => ({
      type: 'multipart/mixed; boundary="a boundary: (b)"',
      body: multipartBytes(parts, 'a boundary: (b)')
    }),
    'the type in capitals': (parts) => ({
      type: `MULTIPART/Mixed;BOUNDARY=${boundary}`,
      body: multipartBytes(parts, boundary)
    }),
    'other parameters': (parts) => ({
      type: `multipart/mixed; charset=utf-8; boundary=${boundary}; x=y`,
      body: multipartBytes(parts, boundary)
    }),
    'a preamble': (parts) => ({
      type: `multipart/mixed; boundary=${boundary}`,
      body: multipartBytes(parts, boundary, 'To be ignored.\r\nThis too.')
    }),
    'an epilogue': (parts) => ({
      type: `multipart/mixed; boundary=${boundary}`,
      body: multipartBytes(parts, boundary, '', '\r\nTo be ignored.')
    }),
    'an epilogue that looks like more': (parts) => ({
      type: `multipart/mixed; boundary=${boundary}`,
      body: multipartBytes(parts, boundary, '', `\r\n--${boundary}\r\n\r\nx`)
    }),
    'white space behind the boundary': (parts) => ({
      type: `multipart/mixed; boundary=${boundary}`,
      body: Buffer.from(
        multipartBytes(parts, boundary).toString('latin1').replaceAll(`--${boundary}\r\n`, `--${boundary} \t\r\n`),
        'latin1'
      )
    }),
    'a boundary of 70 characters': (parts) => ({
      type: `multipart/mixed; boundary=${'b'.repeat(70)}`,
      body: multipartBytes(parts, 'b'.repeat(70))
    })
  }
  for (const [what, form] of Object.entries(forms)) {
    const statement = sent({ attachments: [attachmentOf(everyByte)] })
    const { type, body } = form([statementPart(statement), contentPart(everyByte)])
    const answer = await asker.post(undefined, { headers: { 'content-type': type }, body })
    t.equal(answer.status, 200, `${what}: ${textOf(answer)}`)
    t.same(await storedContents(asker, statement.id), [everyByte], what)
  }
  const shouting = (part: Part): Part => ({
    ...part,
    headers: part.headers.map((line) => line.replace(/^[^:]+/, (name) => name.toUpperCase()))
  })
  const folded = (part: Part): Part => ({
    ...part,
    headers: part.headers.map((line) => line.replace(': ', ':\r\n \t '))
  })
  const bare = (part: Part): Part => ({ ...part, headers: part.headers.map((line) => line.replace(': ', ':')) })
  for (const change of [shouting, folded, bare]) {
    const statement = sent({ attachments: [attachmentOf('essay')] })
    t.equal(
      (await postParts(asker, [statementPart(statement), contentPart('essay')].map(change))).status,
      200,
      change.name
    )
  }
})

t.test('ruling 18: `length` is not compared with the bytes that came', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const statement = sent({ attachments: [attachmentOf('essay', { length: 5_000_000 })] })
  t.equal((await postParts(asker, [statementPart(statement), contentPart('essay')])).status, 200)
  t.same((await storedContents(asker, statement.id)).map(String), ['essay'])
})

t.test('Communication §1.5.2: multipart that is malformed is 400, and nothing is stored', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const statement = sent({ attachments: [attachmentOf('essay')] })
  const parts = [statementPart(statement), contentPart('essay')]
  const whole = multipartBytes(parts, boundary)
  const type = `multipart/mixed; boundary=${boundary}`
  const without = (name: string): Part => ({
    ...contentPart('essay'),
    headers: contentPart('essay').headers.filter((line) => !line.startsWith(name))
  })
  const withHeader = (...lines: string[]): Part => ({
    ...contentPart('essay'),
    headers: [...contentPart('essay').headers, ...lines]
  })
  const wrong: Readonly<Record<string, readonly [type: string, body: Buffer | string]>> = {
    'no boundary in the type': ['multipart/mixed', whole],
    'an empty boundary': ['multipart/mixed; boundary=', whole],
    'an empty quoted boundary': ['multipart/mixed; boundary=""', whole],
    'a boundary of 71 characters': [
      `multipart/mixed; boundary=${'b'.repeat(71)}`,
      multipartBytes(parts, 'b'.repeat(71))
    ],
    'another boundary': ['multipart/mixed; boundary=other', whole],
    'a boundary in another case': [`multipart/mixed; boundary=${boundary.toUpperCase()}`, whole],
    'form data': [`multipart/form-data; boundary=${boundary}`, whole],
    'related parts': [`multipart/related; boundary=${boundary}`, whole],
    'an empty body': [type, ''],
    'nothing but the end': [type, `--${boundary}--\r\n`],
    'nothing but a preamble': [type, 'text'],
    'line feeds only': [type, whole.toString('latin1').replaceAll('\r\n', '\n')],
    'no empty line behind headers': [type, `--${boundary}\r\nContent-Type: application/json\r\n--${boundary}--\r\n`],
    'a header without a colon': [type, multipartBytes([statementPart(statement), withHeader('Nonsense')], boundary)],
    'a header twice': [
      type,
      multipartBytes([statementPart(statement), withHeader('Content-Type: text/plain')], boundary)
    ],
    'headers without end': [
      type,
      multipartBytes([statementPart(statement), withHeader(`X: ${'x'.repeat(20_000)}`)], boundary)
    ],
    'no hash': [type, multipartBytes([statementPart(statement), without('X-Experience')], boundary)],
    'a hash that is none': [type, multipartBytes([statementPart(statement), contentPart('essay', 'abc')], boundary)],
    'no transfer encoding': [type, multipartBytes([statementPart(statement), without('Content-Transfer')], boundary)],
    base64: [
      type,
      multipartBytes(
        [
          statementPart(statement),
          {
            ...contentPart('essay'),
            headers: contentPart('essay').headers.map((line) => line.replace('binary', 'base64'))
          }
        ],
        boundary
      )
    ],
    'statements behind their attachments': [
      type,
      multipartBytes([contentPart('essay'), statementPart(statement)], boundary)
    ],
    'statements without a type': [
      type,
      multipartBytes([{ ...statementPart(statement), headers: [] }, contentPart('essay')], boundary)
    ],
    'statements that are not JSON': [
      type,
      multipartBytes([{ ...statementPart(statement), content: '{' }, contentPart('essay')], boundary)
    ],
    'statements that are not UTF-8': [
      type,
      multipartBytes(
        [{ ...statementPart(statement), content: Buffer.from([0x22, 0xff, 0x22]) }, contentPart('essay')],
        boundary
      )
    ],
    'more parts than anyone needs': [type, `--${boundary}\r\n\r\n`.repeat(20_000)]
  }
  for (const [what, [contentType, body]] of Object.entries(wrong)) {
    const answer = await asker.post(undefined, { headers: { 'content-type': contentType }, body })
    t.equal(answer.status, 400, `${what}: ${textOf(answer).slice(0, 200)}`)
  }
  for (let length = 0; length < whole.length; length += 7) {
    const answer = await asker.post(undefined, { headers: { 'content-type': type }, body: whole.subarray(0, length) })
    if (answer.status !== 400) t.equal(answer.status, 400, `broken off after ${length} of ${whole.length} bytes`)
  }
  t.same(await asker.list(), [])
  t.equal(
    (await asker.post(undefined, { headers: { 'content-type': type }, body: whole })).status,
    200,
    'the whole is fine'
  )
})

t.test('what an attachment says of itself is no header of ours: line ends in contentType are refused', async (t) => {
  const asker = (await startLrs(t)).fresh()
  for (const contentType of [
    'text/plain\r\nX-Injected: 1',
    'text/plain\n',
    'text',
    '',
    'text/\u{1f600}',
    'text/plain; a="\r\n"'
  ]) {
    const attachment: Attachment = attachmentOf('essay', { contentType })
    const answer = await postParts(asker, [statementPart(sent({ attachments: [attachment] })), contentPart('essay')])
    t.equal(answer.status, 400, JSON.stringify(contentType))
  }
  const quoted = sent({ attachments: [attachmentOf('essay', { contentType: 'text/plain; title="ä ü"' })] })
  const answer = await postParts(asker, [statementPart(quoted), contentPart('essay')])
  if (answer.status === 200) t.same((await storedContents(asker, quoted.id)).map(String), ['essay'])
  else t.equal(answer.status, 400)
})

t.test('attachments larger than what is in memory at a time are sent as they are read', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const large = Array.from({ length: 4 }, () => randomBytes(3_000_000))
  const statements = large.map((content) => sent({ attachments: [attachmentOf(content)] }))
  const answer = await postParts(asker, [statementPart(statements), ...large.map((content) => contentPart(content))])
  t.equal(answer.status, 200)
  const [, ...received] = partsOf(await asker.get({ attachments: true, ascending: true }))
  const digests = received.map(({ content }) => createHash('sha256').update(content).digest('hex'))
  t.same(
    digests,
    large.map((content) => sha2Of(content))
  )
  // Whoever hangs up in the middle leaves nothing behind.
  const path = '/xAPI/statements?attachments=true'
  const controller = new AbortController()
  const response = await fetch(`http://127.0.0.1:${lrs.port}${path}`, {
    headers: { authorization: basic(asker.username) },
    signal: controller.signal
  })
  await response.body?.getReader().read()
  controller.abort()
  t.equal((await asker.get()).status, 200)
  t.same(lrs.log, [])
})
