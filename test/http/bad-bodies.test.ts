import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { type Answer, jsonOf, textOf } from '../support/answer.ts'
import { basic, type Client, forEachBackend, type Lrs, startLrs } from '../support/lrs.ts'
import { sendAndHangUp } from '../support/raw-http.ts'
import { attachmentOf, contentPart, multipartBytes, sent, statementPart } from '../support/requests.ts'
import { anActivity, anId, withMbox } from '../support/statements.ts'

const json = { 'content-type': 'application/json' }
const small = 100_000

/** What follows whatever was refused: the server answers, and has stored nothing. */
const requireUnharmed = async (t: Test, asker: Client, what: string): Promise<void> => {
  const ids = await asker.list()
  if (ids.length > 0) t.same(ids, [], `stored nothing: ${what}`)
}

const requireRefused = async (
  t: Test,
  asker: Client,
  bodies: Readonly<Record<string, string | Uint8Array>>,
  errors: readonly string[]
): Promise<void> => {
  for (const [what, body] of Object.entries(bodies)) {
    const answer = await asker.post(body, { headers: json })
    t.equal(answer.status, 400, `${what}: ${textOf(answer).slice(0, 200)}`)
    t.ok(errors.includes(jsonOf(answer).error), `${what}: ${jsonOf(answer).error}`)
    await requireUnharmed(t, asker, what)
  }
}

const text = (value: unknown): string => JSON.stringify(value)
const whole = text(sent())
const within = (extra: string): string => `${whole.slice(0, -1)},${extra}}`
const extension = (value: string): string => within(`"result":{"extensions":{"https://example.org/e":${value}}}`)

t.test('ruling 25: a body that is not JSON is 400', async (t) => {
  const lrs = await startLrs(t)
  await requireRefused(
    t,
    lrs.fresh(),
    {
      nothing: '',
      'white space': ' \r\n\t',
      'the start of an object': '{',
      'a statement that breaks off': whole.slice(0, -1),
      'a list that breaks off': `[${whole}`,
      'a comma too many': `[${whole},]`,
      'a statement and more': `${whole}x`,
      'two statements': `${whole}${whole}`,
      'two lines of JSON': `${whole}\n${whole}`,
      'single quotes': whole.replaceAll('"', "'"),
      'keys without quotes': '{actor: {}}',
      'a comment': `/* a comment */${whole}`,
      NaN: extension('NaN'),
      Infinity: extension('-Infinity'),
      undefined: extension('undefined'),
      'a number with a leading zero': extension('01'),
      'a hexadecimal number': extension('0x10'),
      'a raw line feed in a text': extension('"a\nb"'),
      'a NUL in a text': extension('"a\0b"'),
      'a NUL behind it': `${whole}\0`,
      'a wrong escape': extension('"\\x41"'),
      'half an escape': extension('"\\u00"'),
      'UTF-16': Buffer.from(`\ufeff${whole}`, 'utf16le'),
      'Latin-1': Buffer.from(extension('"é"'), 'latin1'),
      'UTF-8 that breaks off': Buffer.from([0x22, 0xc3, 0x22]),
      'overlong UTF-8': Buffer.concat([Buffer.from('"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"')]),
      'a surrogate in UTF-8': Buffer.concat([Buffer.from('"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"')]),
      'random bytes': Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7919) % 256)),
      'a form': 'actor=a&verb=b',
      XML: '<statement/>'
    },
    ['INVALID_JSON']
  )
})

t.test('JSON that is no statement, nor a list of them, is 400', async (t) => {
  const lrs = await startLrs(t)
  await requireRefused(
    t,
    lrs.fresh(),
    {
      null: 'null',
      true: 'true',
      'a number': '1',
      'a text': text(whole),
      'an empty list': '[]',
      'a list of nothing': '[null]',
      'a list in a list': `[[${whole}]]`,
      'a list with null in it': `[${whole},null]`,
      'a list with a number in it': `[1,${whole}]`,
      'an empty object': '{}',
      'a StatementResult': `{"statements":[${whole}],"more":""}`
    },
    ['INVALID_STATEMENT']
  )
})

t.test('wrong types, nulls, unknown properties, impossible dates and more are 400 and named', async (t) => {
  const lrs = await startLrs(t)
  const statement = sent()
  const asker = lrs.fresh()
  const wrong: Readonly<Record<string, readonly [pointer: string, statement: object]>> = {
    'a number for a text': ['/verb/id', { ...statement, verb: { id: 1 } }],
    'a text for an object': ['/actor', { ...statement, actor: 'mailto:alice@example.org' }],
    'a list for an object': ['/object', { ...statement, object: [] }],
    'a text for a number': ['/result/score/raw', { ...statement, result: { score: { raw: '1' } } }],
    'a text for a boolean': ['/result/success', { ...statement, result: { success: 'true' } }],
    null: ['/result', { ...statement, result: null }],
    'null, deep': [
      '/object/definition/name/en',
      { ...statement, object: { id: anActivity('a').id, definition: { name: { en: null } } } }
    ],
    'an unknown property': ['/extra', { ...statement, extra: 1 }],
    'an unknown property of the Actor': ['/actor/email', { ...statement, actor: { ...withMbox('a'), email: 'x' } }],
    'an unknown property, deep': [
      '/context/contextActivities/parent/0/x',
      { ...statement, context: { contextActivities: { parent: [{ ...anActivity('a'), x: 1 }] } } }
    ],
    'a property in another case': ['/Actor', { ...statement, Actor: withMbox('a') }],
    'a date that does not exist': ['/timestamp', { ...statement, timestamp: '2026-02-29T00:00:00Z' }],
    'a month that does not exist': ['/timestamp', { ...statement, timestamp: '2026-13-01T00:00:00Z' }],
    'a date without a time': ['/timestamp', { ...statement, timestamp: '2026-01-01' }],
    'an id that is none': ['/id', { ...statement, id: 'x' }],
    'an IRI without a scheme': ['/object/id', { ...statement, object: { id: 'course' } }],
    'an extension that is no IRI': ['/context/extensions/key', { ...statement, context: { extensions: { key: 1 } } }],
    'a language that is none': [
      '/verb/display/en_US',
      { ...statement, verb: { ...statement.verb, display: { en_US: 'x' } } }
    ],
    'a duration that is none': ['/result/duration', { ...statement, result: { duration: '1 hour' } }],
    'a score above its range': ['/result/score/scaled', { ...statement, result: { score: { scaled: 1.1 } } }],
    'a score out of its own range': [
      '/result/score/raw',
      { ...statement, result: { score: { raw: 11, min: 0, max: 10 } } }
    ],
    'a list of components with no interaction': [
      '/object/definition',
      { ...statement, object: { ...anActivity('a'), definition: { choices: [{ id: 'a' }] } } }
    ],
    'a SubStatement within one': [
      '/object/object/objectType',
      {
        ...statement,
        object: {
          ...statement,
          id: undefined,
          objectType: 'SubStatement',
          object: { ...statement, id: undefined, objectType: 'SubStatement' }
        }
      }
    ],
    'an id in a SubStatement': ['/object/id', { ...statement, object: { ...statement, objectType: 'SubStatement' } }]
  }
  for (const [what, [pointer, body]] of Object.entries(wrong)) {
    const answer = await asker.post([sent(), body])
    t.equal(answer.status, 400, what)
    const { error, problems } = jsonOf(answer)
    t.equal(error, 'INVALID_STATEMENT', what)
    t.ok(
      problems.some((each: { index: number; pointer: string }) => each.index === 1 && each.pointer === pointer),
      `${what}: ${text(problems)}`
    )
    await requireUnharmed(t, asker, what)
  }
})

t.test('lone surrogates are 400 at every place, pairs are text', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  await requireRefused(
    t,
    asker,
    {
      'a high one': extension('"\\ud800"'),
      'a low one': extension('"a\\udc00b"'),
      'a pair the wrong way round': extension('"\\udc00\\ud800"'),
      'in a key': extension('{"\\ud800":1}'),
      'in a list': extension('[[["\\udfff"]]]'),
      'in a name': within('"context":{"platform":"\\uD83D"}'),
      'in an unknown key': within('"\\ud800":1')
    },
    ['INVALID_STATEMENT']
  )
  t.equal((await asker.post(extension('"\\ud83d\\ude00"'), { headers: json })).status, 200)
})

t.test('ruling 25: 10,000 levels of nesting, and a million, are 400', async (t) => {
  const lrs = await startLrs(t)
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  const objects = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  await requireRefused(
    t,
    lrs.fresh(),
    {
      'lists in an extension': extension(nested(10_000)),
      'objects in an extension': extension(objects(10_000)),
      'lists in place of a statement': nested(10_000),
      'objects in place of a statement': objects(10_000),
      'in place of the Actor': within(`"context":{"instructor":${objects(10_000)}}`),
      'under an unknown key': within(`"x":${nested(10_000)}`),
      'a million lists': nested(1_000_000),
      'a million objects': objects(1_000_000),
      'a million lists, never closed': '['.repeat(1_000_000)
    },
    ['INVALID_JSON', 'INVALID_STATEMENT']
  )
})

t.test(
  'ruling 25: __proto__ and its like are data: refused where unknown, kept where extensions allow them',
  async (t) => {
    const lrs = await startLrs(t)
    const asker = lrs.fresh()
    const keys = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__', 'valueOf']
    for (const key of keys) {
      await requireRefused(
        t,
        asker,
        {
          [`${key} of a statement`]: within(`"${key}":{"id":"${anId()}"}`),
          [`${key} of an Actor`]: within(`"context":{"instructor":{"mbox":"mailto:a@example.org","${key}":{}}}`),
          [`${key} of extensions`]: within(`"context":{"extensions":{"${key}":{}}}`),
          [`${key} and more of a language map`]: within(
            `"attachments":[],"context":{"contextActivities":{"parent":{"id":"a:b","definition":{"name":{"${key}_":"x"}}}}}`
          )
        },
        ['INVALID_STATEMENT']
      )
    }
    const inside = `{${keys.map((key) => `"${key}":{"a":[]}`).join()}}`
    t.equal((await asker.post(extension(inside), { headers: json })).status, 200)
    const stored = textOf(await asker.get())
    t.ok(stored.includes(inside), 'in the text')
    t.ok(textOf(await asker.get({ format: 'ids' })).includes(inside), 'in the text made anew')
    t.ok(textOf(await asker.get({ format: 'canonical' })).includes(inside))
    t.equal(Object.getPrototypeOf({}), Object.prototype)
    t.notOk('a' in {})
  }
)

t.test('a key that an object has twice is 400: readers would not agree which counts', async (t) => {
  const lrs = await startLrs(t)
  await requireRefused(
    t,
    lrs.fresh(),
    {
      'of a statement': within(`"actor":{"mbox":"mailto:mallory@example.org"}`),
      'in an extension': extension('{"a":1,"a":2}'),
      'the same value': extension('{"a":1,"a":1}'),
      'spelled otherwise': extension('{"a":1,"\\u0061":2}'),
      __proto__: extension('{"__proto__":1,"__proto__":2}'),
      'in the second of a list': `[${whole},${within('"result":{"success":true,"success":false}').replace(/"id":"[^"]+"/, `"id":"${anId()}"`)}]`
    },
    ['INVALID_STATEMENT']
  )
})

t.test(
  'ruling 25: Communication §1.5: a content type that is not JSON or multipart/mixed is 400, and nothing is stored',
  async (t) => {
    const lrs = await startLrs(t)
    const asker = lrs.fresh()
    const types = [
      'text/plain',
      'application/xml',
      'application/jsonp',
      'application/json+ld',
      'text/json',
      'application/x-www-form-urlencoded',
      'json',
      '/',
      '',
      ';',
      'application/json, text/plain',
      '*/*',
      'application/\u00e9',
      `application/${'x'.repeat(5000)}`
    ]
    for (const type of types) {
      const answer = await asker.post(whole, { headers: { 'content-type': type } })
      t.equal(answer.status, 400, JSON.stringify(type.slice(0, 40)))
      await requireUnharmed(t, asker, type)
    }
    const none = await asker.post(Buffer.from(whole), { headers: {} })
    t.equal(none.status, 400, 'none at all')
    for (const type of [
      'Application/JSON',
      'application/json;charset=utf-8',
      'application/json ; Charset="UTF-8"',
      ' application/json'
    ]) {
      t.equal((await asker.post(sent(), { headers: { 'content-type': type } })).status, 200, type)
    }
    t.equal((await asker.post(`\ufeff${whole}`, { headers: json })).status, 200, 'a byte order mark is passed over')
  }
)

const limited = (t: Test): Promise<Lrs> => startLrs(t, { settings: { maxBodySize: small } })

const requireTooLarge = (t: Test, answer: Answer, what: string): void => {
  t.equal(answer.status, 413, what)
  t.equal(jsonOf(answer).error, 'BODY_TOO_LARGE', what)
  t.equal(jsonOf(answer).limit, small, what)
  t.match(jsonOf(answer).message, /100000 bytes of RALPH_RUNSERVER_MAX_BODY_SIZE/, what)
}

/** A statement of exactly so many bytes. */
const ofLength = (bytes: number): string => {
  const empty = extension('""')
  return extension(`"${'x'.repeat(bytes - empty.length)}"`)
}

t.test('more statements than the limit are 413, with the limit named, whole or in part', async (t) => {
  const asker = (await startLrs(t, { settings: { maxStatements: 3 } })).fresh()
  const list = (count: number): string => text(Array.from({ length: count }, () => sent()))
  for (const query of [{}, { partialSuccess: true }]) {
    const answer = await asker.post(list(4), { headers: json, query })
    t.equal(answer.status, 413)
    t.match(jsonOf(answer), { error: 'TOO_MANY_STATEMENTS', count: 4, limit: 3 })
    t.match(jsonOf(answer).message, /RALPH_RUNSERVER_MAX_STATEMENTS_PER_REQUEST is 3/)
  }
  await requireUnharmed(t, asker, 'too many')
  t.equal((await asker.post(list(3), { headers: json })).status, 200, 'the limit itself')
})

t.test('while many statements are judged, others are answered', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  // The last of them is wrong: all that is done for this request is to judge it.
  const body = text([...Array.from({ length: 20_000 }, () => sent()), {}])
  let judged = false
  const judging = asker.post(body, { headers: json }).then((answer) => {
    judged = true
    return answer
  })
  let others = 0
  while (!judged) {
    t.equal((await fetch(`http://127.0.0.1:${lrs.port}/__lbheartbeat__`)).status, 200)
    others += 1
  }
  t.match(jsonOf(await judging), { error: 'INVALID_STATEMENT', problems: [{ index: 20_000 }] })
  // One that kept the event loop to itself would let one in before it begins and one behind it.
  t.ok(others > 3, `${others} others were answered`)
})

t.test('a body above the limit is 413, and names the limit', async (t) => {
  const lrs = await limited(t)
  const asker = lrs.fresh()
  requireTooLarge(t, await asker.post(ofLength(small + 1), { headers: json }), 'one byte too many')
  requireTooLarge(t, await asker.post(ofLength(30 * small), { headers: json }), 'thirty times as many')
  requireTooLarge(
    t,
    await asker.send('PUT', '/xAPI/activities/state', {
      query: { activityId: anActivity('a').id, agent: withMbox('a'), stateId: 's' },
      body: Buffer.alloc(small + 1)
    }),
    'a document'
  )
  await requireUnharmed(t, asker, 'too large')
  t.equal((await asker.post(ofLength(small), { headers: json })).status, 200, 'the limit itself')
})

const headOf = (asker: Client, lines: readonly string[]): string =>
  `POST /xAPI/statements HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic(asker.username)}\r\nContent-Type: application/json\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`

t.test('a body that says it is a gigabyte is 413 before any of it is read', async (t) => {
  const lrs = await limited(t)
  const asker = lrs.fresh()
  for (const length of [1e9, Number.MAX_SAFE_INTEGER]) {
    requireTooLarge(
      t,
      await lrs.raw('/xAPI/statements', 'POST', headOf(asker, [`Content-Length: ${length}`])),
      String(length)
    )
  }
  const expecting = headOf(asker, ['Content-Length: 1000000000', 'Expect: 100-continue'])
  const answer = await lrs.raw('/xAPI/statements', 'POST', expecting)
  requireTooLarge(t, answer, 'asked whether to go on')
  await requireUnharmed(t, asker, 'a gigabyte')
})

t.test('a body of unknown length is read up to the limit, and its sender hears of it', async (t) => {
  const lrs = await limited(t)
  const asker = lrs.fresh()
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, ' '), Buffer.from('\r\n')])
  const pieces = Array.from({ length: 500 }, () => chunk)
  const before = process.memoryUsage.rss()
  requireTooLarge(
    t,
    await lrs.raw('/xAPI/statements', 'POST', headOf(asker, ['Transfer-Encoding: chunked']), ...pieces),
    '32 MB in chunks'
  )
  t.ok(process.memoryUsage.rss() - before < 64 * 2 ** 20, 'it was not kept')
  const stream = (bytes: number) => {
    let left = bytes
    return new ReadableStream({
      pull(controller) {
        if (left <= 0) return controller.close()
        left -= 50_000
        controller.enqueue(new Uint8Array(50_000).fill(0x20))
      }
    })
  }
  requireTooLarge(t, await asker.post(stream(small + 1), { headers: json }), 'by fetch')
  await requireUnharmed(t, asker, 'a stream')
})

t.test('a compressed body counts as what it unfolds to', async (t) => {
  const lrs = await limited(t)
  const asker = lrs.fresh()
  const compressors = {
    gzip: gzipSync,
    'x-gzip': gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
    GZIP: gzipSync
  }
  const bomb = Buffer.alloc(8 * 2 ** 20, ' ')
  for (const [encoding, compress] of Object.entries(compressors)) {
    const headers = { ...json, 'content-encoding': encoding }
    requireTooLarge(t, await asker.post(compress(bomb), { headers }), `a bomb of ${encoding}`)
    await requireUnharmed(t, asker, encoding)
  }
  for (const [encoding, compress] of Object.entries(compressors)) {
    t.equal(
      (await asker.post(compress(text(sent())), { headers: { ...json, 'content-encoding': encoding } })).status,
      200,
      encoding
    )
  }
})

t.test('a body that is not what its Content-Encoding says is 400', async (t) => {
  const lrs = await limited(t)
  const asker = lrs.fresh()
  const gzipped = gzipSync(whole)
  const wrong: Readonly<Record<string, readonly [encoding: string, body: Uint8Array]>> = {
    'plain text': ['gzip', Buffer.from(whole)],
    'gzip that breaks off': ['gzip', gzipped.subarray(0, -10)],
    'gzip without its checksum': ['gzip', gzipped.subarray(0, -4)],
    'gzip with another checksum': ['gzip', Buffer.concat([gzipped.subarray(0, -8), Buffer.alloc(8)])],
    'nothing but a header': ['gzip', gzipped.subarray(0, 10)],
    'nothing at all': ['gzip', Buffer.alloc(0)],
    'deflate as gzip': ['gzip', deflateSync(whole)],
    'gzip as deflate': ['deflate', gzipped],
    'broken brotli': ['br', brotliCompressSync(whole).subarray(0, -3)],
    'no brotli': ['br', Buffer.from(whole)],
    'an unknown encoding': ['compress', gzipped],
    'an encoding of its own': ['zstd', gzipped],
    'two encodings': ['gzip, gzip', gzipSync(gzipped)],
    'a name of every object': ['constructor', gzipped],
    'no name': [',', gzipped]
  }
  for (const [what, [encoding, body]] of Object.entries(wrong)) {
    const answer = await asker.post(body, { headers: { ...json, 'content-encoding': encoding } })
    t.equal(answer.status, 400, `${what}: ${textOf(answer)}`)
    await requireUnharmed(t, asker, what)
  }
  t.equal((await asker.post(whole, { headers: { ...json, 'content-encoding': 'identity' } })).status, 200)
  t.same(lrs.log, [])
})

forEachBackend(t, (t, lrs) => {
  t.test('an upload that is broken off stores nothing, and the server stays up', async (t) => {
    const asker = lrs.fresh()
    const statements = Array.from({ length: 200 }, () => sent())
    const body = Buffer.from(text(statements))
    const half = body.subarray(0, body.length / 2)
    const essay = multipartBytes(
      [statementPart(sent({ attachments: [attachmentOf('essay')] })), contentPart('essay')],
      'b'
    )
    await sendAndHangUp(lrs.port, headOf(asker, [`Content-Length: ${body.length}`]), half)
    await sendAndHangUp(
      lrs.port,
      headOf(asker, ['Transfer-Encoding: chunked']),
      `${half.length.toString(16)}\r\n`,
      half,
      '\r\n'
    )
    await sendAndHangUp(
      lrs.port,
      headOf(asker, ['Transfer-Encoding: chunked', 'Content-Encoding: gzip']),
      '20\r\n',
      gzipSync(half).subarray(0, 32),
      '\r\n'
    )
    await sendAndHangUp(
      lrs.port,
      headOf(asker, [`Content-Length: ${essay.length}`]).replace('application/json', 'multipart/mixed; boundary=b'),
      essay.subarray(0, -4)
    )
    await sendAndHangUp(lrs.port, headOf(asker, [`Content-Length: ${body.length}`]))
    await sendAndHangUp(lrs.port, 'POST /xAPI/statements HT')
    t.same(await asker.list(), [])
    await asker.store(...statements.slice(0, 3))
    t.equal((await asker.list()).length, 3)
    t.same(lrs.log, [], 'no fault of the server')
  })

  t.test('a client that hangs up once it has sent all gets all stored, or nothing', async (t) => {
    const asker = lrs.fresh()
    const batches = Array.from({ length: 10 }, () => Array.from({ length: 20 }, () => sent()))
    for (const batch of batches) {
      const body = Buffer.from(text(batch))
      await sendAndHangUp(lrs.port, headOf(asker, [`Content-Length: ${body.length}`]), body)
    }
    await asker.store(sent())
    const ids = new Set(await asker.list({ limit: 0 }))
    for (let path = jsonOf(await asker.get()).more; path !== ''; ) {
      const page = jsonOf(await asker.send('GET', path))
      for (const { id } of page.statements) ids.add(id)
      path = page.more
    }
    for (const batch of batches) {
      const there = batch.filter(({ id }) => ids.has(id)).length
      t.ok(there === 0 || there === batch.length, `${there} of ${batch.length}`)
    }
    t.same(lrs.log, [])
  })
})

t.test('a body where none is expected does no harm', async (t) => {
  const lrs = await limited(t)
  const asker = lrs.fresh()
  const [id = ''] = await asker.store(sent())
  const ask = (method: string, path: string, type: string, body: string) =>
    lrs.raw(
      path,
      method,
      `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: ${basic(asker.username)}\r\n${type}Content-Length: ${body.length}\r\n\r\n${body}`
    )
  const state = `/xAPI/activities/state?activityId=a%3Ab&agent=${encodeURIComponent(text(withMbox('a')))}`
  for (const type of ['', 'Content-Type: application/json\r\n', 'Content-Type: x\r\n', 'Content-Encoding: gzip\r\n']) {
    for (const body of ['{}', '{', '\0', '']) {
      t.ok((await ask('GET', `/xAPI/statements?statementId=${id}`, type, body)).status <= 400, `GET ${type}${body}`)
      t.ok((await ask('HEAD', '/xAPI/statements', type, body)).status <= 400, `HEAD ${type}${body}`)
      t.ok((await ask('GET', '/xAPI/about', type, body)).status <= 400)
      t.ok((await ask('GET', '/__heartbeat__', type, body)).status <= 400)
      t.ok((await ask('DELETE', state, type, body)).status <= 400, `DELETE ${type}${body}`)
    }
  }
  t.same(await asker.list(), [id])
})
