import { hash, randomBytes, randomUUID } from 'node:crypto'

/** What one authorised client can ask of a server at once. Bodies are made where they are sent. */

const mebibyte = 2 ** 20
const page = '/xAPI/statements?limit=100'

const statementWith = (extensions: string, id: string = randomUUID()): string =>
  `{"id":"${id}","actor":{"objectType":"Agent","mbox":"mailto:greedy@example.org"},` +
  '"verb":{"id":"http://adlnet.gov/expapi/verbs/experienced","display":{"en":"experienced"}},' +
  '"object":{"objectType":"Activity","id":"http://example.org/greedy","definition":{"name":{"en":"Greedy"}}},' +
  `"result":{"extensions":{"http://example.org/x":${extensions}}}}`

const numbers = (bytes: number): string => `[${Array.from({ length: bytes / 8 }, (_, at) => 1_000_000 + at).join()}]`

/** As a double would not print them. */
const exactNumbers = (bytes: number): string =>
  `[${Array.from({ length: bytes / 10 }, (_, at) => `1${at % 10}.${at % 10}00e0`).join()}]`

const nested = (depth: number): string => `${'{"http://example.org/a":'.repeat(depth)}1${'}'.repeat(depth)}`

/** Objects in objects, each as deep as it may be. */
const deeplyNested = (depth: number, bytes: number): string => {
  const one = `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`
  return `[${Array.from({ length: Math.floor(bytes / (one.length + 1)) }, () => one).join()}]`
}

const keys = (count: number): string => `{${Array.from({ length: count }, (_, at) => `"http://e.org/${at}":1`).join()}}`

const listOf = (count: number, extensions: string): string =>
  `[${Array.from({ length: count }, () => statementWith(extensions)).join()}]`

/** Each statement refers to the one before. */
const chain = (length: number): string => {
  const ids = Array.from({ length }, () => randomUUID())
  const refer = (id: string, at: number): string =>
    statementWith('1', id).replace(
      /"object":\{.*?\}\}\}/,
      `"object":{"objectType":"StatementRef","id":"${ids[at + 1] ?? randomUUID()}"}`
    )
  return `[${ids.map(refer).join()}]`
}

export interface GreedyRequest {
  readonly method: 'GET' | 'PUT' | 'POST'
  readonly path: string
  readonly body?: () => string | Buffer
  readonly contentType?: string
  /** How many of these at once. */
  readonly times?: number
}

const post = (body: () => string, times = 1): GreedyRequest => ({
  method: 'POST',
  path: '/xAPI/statements',
  body,
  times
})
const get = (parameters: string): GreedyRequest => ({ method: 'GET', path: page + parameters })

const state = `/xAPI/activities/state?${new URLSearchParams({
  activityId: 'http://example.org/greedy',
  agent: '{"mbox":"mailto:greedy@example.org"}',
  stateId: 'greedy'
})}`
const stateOf = (method: GreedyRequest['method'], key: string, megabytes: number): GreedyRequest => ({
  method,
  path: state,
  body: () => `{"${key}":${numbers(megabytes * mebibyte)}}`
})

/** A statement with one attachment. */
const attached = (bytes: number): GreedyRequest => {
  const boundary = 'greedy'
  const partsOf = (): Buffer => {
    const content = randomBytes(bytes)
    const sha2 = hash('sha512', content, 'hex')
    const attachment = {
      usageType: 'http://example.org/greedy',
      display: { en: 'Greedy' },
      contentType: 'application/octet-stream',
      length: bytes,
      sha2
    }
    const statement = { ...JSON.parse(statementWith('1')), attachments: [attachment] }
    return Buffer.concat([
      Buffer.from(`--${boundary}\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(statement)}\r\n`),
      Buffer.from(`--${boundary}\r\ncontent-type: application/octet-stream\r\ncontent-transfer-encoding: binary\r\n`),
      Buffer.from(`x-experience-api-hash: ${sha2}\r\n\r\n`),
      content,
      Buffer.from(`\r\n--${boundary}--\r\n`)
    ])
  }
  return {
    method: 'POST',
    path: '/xAPI/statements',
    contentType: `multipart/mixed; boundary=${boundary}`,
    body: partsOf
  }
}

/** In this order: the pages that are read are of what was written just before. */
export const greedyRequests: { readonly [name: string]: GreedyRequest } = {
  'one statement of 56 MB full of numbers': post(() => statementWith(numbers(56 * mebibyte))),
  'one statement of 15 MB full of numbers': post(() => statementWith(numbers(15 * mebibyte))),
  '28 statements of 2 MB full of numbers': post(() => listOf(28, numbers(1.9 * mebibyte))),
  '7 statements of 2 MB nested 90 deep': post(() => listOf(7, deeplyNested(86, 1.9 * mebibyte))),
  'extensions nested 100,000 deep': post(() => statementWith(nested(100_000))),
  '1.5 million keys in one statement': post(() => statementWith(keys(1_500_000))),
  '1.5 million keys in 80 statements': post(() => listOf(80, keys(18_750))),
  '50,000 statements': post(() => listOf(50_000, '1')),
  '50,000 wrong statements': post(() => listOf(50_000, '1').replaceAll('"verb"', '"verbs"')),
  'a chain of 5,000 StatementRefs': post(() => chain(5000)),
  'eight bodies of 60 MB': post(() => listOf(60, exactNumbers(mebibyte)), 8),
  'a page of 15 MB, exact': get(''),
  'a page of 15 MB, canonical': get('&format=canonical'),
  'a page of 15 MB, ids': get('&format=ids'),
  'a State document of 60 MB': stateOf('PUT', 'a', 60),
  'a State document of 60 MB, read': { method: 'GET', path: state },
  'a State document of 45 MB, in its place': stateOf('PUT', 'a', 45),
  '60 MB merged into a State document of 45 MB': stateOf('POST', 'a', 60),
  'a statement with an attachment of 60 MB': attached(60 * mebibyte),
  'an attachment of 60 MB, read': get('&attachments=true&activity=http%3A%2F%2Fexample.org%2Fgreedy')
}
