import { request as httpRequest } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { resources } from '../../src/http/xapi/resources.ts'
import type { Answer } from '../support/answer.ts'
import { requireSound, textOf } from '../support/answer.ts'
import { basic, type Lrs, startLrs } from '../support/lrs.ts'
import { attachmentOf, contentPart, multipartBytes, sent, statementPart } from '../support/requests.ts'
import { anActivity, anonymousGroup, aSubStatement, withAccount, withMbox } from '../support/statements.ts'

/** The same requests on every run: what fails once fails again. */
const seed = 20_261_121

interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** By node:http, which lets a header and a path be almost anything. */
const send = ({ port, log }: Lrs, { method, path, headers, body }: Sent): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const all = { authorization: basic('janedoe'), 'content-length': String(body.length), ...headers }
    const outgoing = httpRequest({ port, host: '127.0.0.1', method, path, headers: all }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const pairs = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)])
        const answer = { status: incoming.statusCode ?? 0, headers: new Headers(pairs), body: Buffer.concat(chunks) }
        try {
          resolve(requireSound(answer, { method, path }, () => log.slice(-3).join('')))
        } catch (error) {
          reject(error)
        }
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })

const agent = withMbox('alice')
const full = {
  ...sent({
    actor: anonymousGroup(agent, withAccount('bob')),
    verb: { id: 'https://verb.example.org/read', display: { en: 'read', 'de-AT': 'las' } },
    object: aSubStatement({
      object: anActivity('quiz', {
        name: { en: 'Quiz' },
        interactionType: 'choice',
        choices: [{ id: 'a', description: { en: 'A' } }, { id: 'b' }],
        correctResponsesPattern: ['a[,]b'],
        extensions: { 'https://example.org/e': { a: [1, null, { b: '😀' }] } }
      })
    }),
    result: { score: { scaled: 0.5, raw: 5, min: 0, max: 10 }, success: true, duration: 'PT1H2.5S', response: 'a' },
    context: {
      registration: 'c1a5ff9a-1f6c-4f1a-9d6d-0d2b1a3c4e5f',
      instructor: agent,
      team: anonymousGroup(agent),
      contextActivities: { parent: [anActivity('course')], other: anActivity('other') },
      language: 'en-GB',
      statement: { objectType: 'StatementRef', id: 'c1a5ff9a-1f6c-4f1a-9d6d-0d2b1a3c4e5f' },
      extensions: { 'https://example.org/e': 1.5 }
    },
    attachments: [attachmentOf('essay', { fileUrl: 'https://files.example.org/essay' })]
  }),
  timestamp: '2026-11-21T10:00:00.123Z'
}
const { id: _, ...template } = full

/** What stands in for a part of a request. */
const oddText = fc.oneof(
  fc.constantFrom(
    '',
    '\0',
    '\n',
    '\r\n',
    '__proto__',
    'constructor',
    '"',
    '\\',
    '%',
    '%00',
    '..',
    '*',
    '😀',
    '\ud800',
    'a'.repeat(5000)
  ),
  fc.string({ unit: 'binary', maxLength: 40 })
)
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -0,
    -1,
    1e308,
    1e-308,
    2 ** 53,
    [],
    {},
    [[]],
    [null],
    { objectType: 'Group' },
    { objectType: 'SubStatement' }
  ),
  oddText,
  fc.jsonValue({ maxDepth: 3 })
)

type Path = readonly (string | number)[]

const pathsIn = (value: unknown, path: Path = []): Path[] => [
  path,
  ...(typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, each]) => pathsIn(each, [...path, key]))
    : [])
]

const changedAt = (value: unknown, [key, ...rest]: Path, change: (value: unknown) => unknown): unknown => {
  if (key === undefined) return change(value)
  if (Array.isArray(value))
    return value.map((each, index) => (String(index) === key ? changedAt(each, rest, change) : each))
  return Object.fromEntries(
    Object.entries(value as object).map(([name, each]) => [name, name === key ? changedAt(each, rest, change) : each])
  )
}

const withMember = (value: unknown, key: string, member: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? JSON.parse(
        `{${JSON.stringify(key)}:${JSON.stringify(member)},${JSON.stringify(value).slice(1)}`.replace(/,\}$/, '}')
      )
    : [value, member]

/** A statement in which some parts are replaced, left out or added. */
const oddStatement = fc
  .array(
    fc.record({
      path: fc.constantFrom(...pathsIn(template)),
      how: fc.oneof(
        oddValue.map((value) => () => value),
        fc.constant(() => undefined),
        fc.tuple(oddText, oddValue).map(
          ([key, member]) =>
            (value: unknown) =>
              withMember(value, key, member)
        )
      )
    }),
    { minLength: 1, maxLength: 3 }
  )
  .map((changes) =>
    changes.reduce<unknown>((statement, { path, how }) => {
      try {
        return changedAt(statement, path, how)
      } catch {
        // An earlier change took away what this one meant.
        return statement
      }
    }, template)
  )

/** Bytes in which some are changed, left out, doubled or put in. */
const oddBytes = (bytes: Buffer) =>
  fc
    .array(fc.tuple(fc.nat(bytes.length), fc.nat(40), fc.uint8Array({ maxLength: 8 })), { minLength: 1, maxLength: 4 })
    .map((cuts) =>
      cuts.reduce<Buffer>(
        (cut, [at, length, instead]) => Buffer.concat([cut.subarray(0, at), instead, cut.subarray(at + length)]),
        bytes
      )
    )

const json = { 'content-type': 'application/json' }
const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value) ?? '')

const posted = (body: fc.Arbitrary<Buffer>, headers: Readonly<Record<string, string>> = json) =>
  body.map((bytes): Sent => ({ method: 'POST', path: '/xAPI/statements', headers, body: bytes }))

const parameters: Readonly<Record<string, string>> = {
  statementId: 'c1a5ff9a-1f6c-4f1a-9d6d-0d2b1a3c4e5f',
  agent: JSON.stringify(agent),
  verb: 'https://verb.example.org/read',
  activity: anActivity('a').id,
  registration: 'c1a5ff9a-1f6c-4f1a-9d6d-0d2b1a3c4e5f',
  related_agents: 'true',
  related_activities: 'true',
  since: '2026-11-21T10:00:00Z',
  until: '2026-11-21T10:00:00+01:00',
  limit: '1',
  format: 'canonical',
  attachments: 'true',
  ascending: 'true',
  mine: 'true',
  more: 'eyJhIjoxfQ.abc',
  activityId: anActivity('a').id,
  stateId: 's',
  profileId: 'p',
  method: 'PUT',
  partialSuccess: 'true'
}

const usual = new Map(Object.entries(parameters))

const isSendable = (name: string): boolean => !/[^\x21-\x7e]/.test(name)

/** Any resource, any method, parameters that may or may not belong there, escaped well or not. */
const operations = resources.flatMap(({ path, operations }) =>
  Object.entries(operations).map(([method, operation]) => ({ method, path, parameters: operation.parameters }))
)

/** Some of its own parameters, those that it needs more often than not, and now and then another. */
const parametersOf = (names: readonly string[]): fc.Arbitrary<string[]> =>
  fc
    .tuple(
      ...names.map((name) =>
        fc.integer({ min: 0, max: 9 }).map((lot) => (lot < (name.endsWith('!') ? 9 : 3) ? [name.replace('!', '')] : []))
      ),
      fc
        .tuple(fc.integer({ min: 0, max: 9 }), fc.oneof(fc.constantFrom(...Object.keys(parameters)), oddText))
        .map(([lot, name]) => (lot === 0 ? [name] : []))
    )
    .map((all) => all.flat())

const oddQuery = fc.constantFrom(...operations).chain((operation) =>
  fc.record({
    method: fc.oneof(
      { weight: 9, arbitrary: fc.constant(operation.method) },
      { weight: 1, arbitrary: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE') }
    ),
    resource: fc.constant(operation.path),
    pairs: parametersOf(operation.parameters).chain((names) =>
      fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), fc.option(oddText, { freq: 1 }), fc.boolean())))
    ),
    body: fc.oneof(
      fc.constant(Buffer.alloc(0)),
      fc.constant(text({ a: 1 })),
      fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes))
    )
  })
)

const escaped = (value: string): string => encodeURIComponent(value.toWellFormed())

const queried = oddQuery.map(({ method, resource, pairs, body }): Sent => {
  const query = pairs.map(([name, odd, raw]) => {
    const value = odd ?? usual.get(name) ?? ''
    return `${escaped(name)}=${raw && isSendable(value) ? value : escaped(value)}`
  })
  return {
    method,
    path: `/xAPI${resource}?${query.join('&').replaceAll(/[^\x21-\x7e]/g, '')}`.slice(0, 12_000),
    headers: json,
    body
  }
})

const headerValue = oddText.map((value) => value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '').slice(0, 3000))
const headered = fc
  .dictionary(
    fc.constantFrom(
      'authorization',
      'x-experience-api-version',
      'content-type',
      'content-encoding',
      'accept-language',
      'accept',
      'if-match',
      'if-none-match',
      'range',
      'origin',
      'expect',
      'x-forwarded-for',
      'cookie'
    ),
    headerValue,
    { minKeys: 1, maxKeys: 4 }
  )
  .chain((headers) => queried.map((sent): Sent => ({ ...sent, headers: { ...sent.headers, ...headers } })))

const boundary = 'a-boundary'
const withPart = { ...sent({ attachments: [attachmentOf('essay')] }) }
const multipart = multipartBytes([statementPart(withPart), contentPart('essay')], boundary)
const jws = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${text(template).toString('base64url')}.AAAA`

const tried: Readonly<Record<string, readonly [requests: fc.Arbitrary<Sent>, runs: number]>> = {
  statements: [posted(oddStatement.map(text)), 400],
  'lists of statements': [posted(fc.array(fc.oneof(oddStatement, oddValue), { maxLength: 4 }).map(text)), 150],
  'bytes of JSON': [posted(oddBytes(text(template))), 250],
  'any JSON': [posted(fc.jsonValue({ maxDepth: 5 }).map(text)), 100],
  'bytes of multipart': [posted(oddBytes(multipart), { 'content-type': `multipart/mixed; boundary=${boundary}` }), 250],
  'types of multipart': [
    posted(fc.constant(multipart)).chain((sent) =>
      fc
        .tuple(headerValue, fc.boolean())
        .map(([value, first]) => (first ? `boundary=${boundary}${value}` : `${value};boundary=${boundary}`))
        .map((type) => ({ ...sent, headers: { 'content-type': `multipart/mixed; ${type}` } }))
    ),
    80
  ],
  'bytes of a signature': [
    oddBytes(Buffer.from(jws)).map((bytes) => ({
      method: 'POST',
      path: '/xAPI/statements',
      headers: { 'content-type': `multipart/mixed; boundary=${boundary}` },
      body: multipartBytes(
        [
          statementPart({
            ...template,
            attachments: [
              ...(template.attachments ?? []),
              attachmentOf(bytes, { usageType: 'http://adlnet.gov/expapi/attachments/signature' })
            ]
          }),
          contentPart(bytes)
        ],
        boundary
      )
    })),
    100
  ],
  'parameters of every resource': [queried, 600],
  headers: [headered, 300],
  'forms of the alternate syntax': [
    fc
      .tuple(
        queried,
        oddBytes(
          Buffer.from(
            `Authorization=${encodeURIComponent(basic('janedoe'))}&content=%7B%7D&statementId=x&Content-Type=text/plain`
          )
        )
      )
      .map(
        ([{ path, method }, body]): Sent => ({
          method: 'POST',
          path: `${path.split('?', 1)[0]}?method=${method}`,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body
        })
      ),
    200
  ]
}

const lrs = await startLrs(t)

for (const [what, [requests, runs]] of Object.entries(tried)) {
  for (const version of ['1.0.3', '2.0.0']) {
    t.test(`no input is answered 500: ${what}, in ${version}`, async (t) => {
      const statuses = new Map<number, number>()
      const answered = fc.asyncProperty(requests, async (request) => {
        const headers = { 'x-experience-api-version': version, ...request.headers }
        const { status } = await send(lrs, { ...request, headers })
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        return status < 500
      })
      await fc.assert(answered, { seed, numRuns: runs / 2 })
      t.comment(JSON.stringify(Object.fromEntries(statuses)))
      t.ok([...statuses.values()].reduce((sum, count) => sum + count) >= runs / 2)
      t.ok((statuses.get(400) ?? 0) > 0, 'some of it was refused')
      t.same(lrs.log, [], 'nothing of it was the fault of the server')
      const all = await lrs.as('janedoe').get()
      t.equal(all.status, 200, textOf(all))
    })
  }
}
