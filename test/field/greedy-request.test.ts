import t, { type Test } from 'tap'
import { type Answer, jsonOf, textOf } from '../support/answer.ts'
import { type Client, startLrs } from '../support/lrs.ts'
import { requireFair } from '../support/others.ts'
import { sent } from '../support/requests.ts'
import { anId } from '../support/statements.ts'

/** One authorised client asks for as much as it can; decision 31: others are answered meanwhile. */

const mebibyte = 2 ** 20
const json = { 'content-type': 'application/json' }

/** A statement with this JSON text as the value of an extension. */
const statementWith = (value: string, id = anId()): string =>
  JSON.stringify(sent({ id, result: { extensions: { 'https://example.org/e': '@' } } })).replace('"@"', () => value)

const numbers = (bytes: number): string => `[${Array.from({ length: bytes / 8 }, (_, at) => 1_000_000 + at).join()}]`
const keys = (count: number): string => `{${Array.from({ length: count }, (_, at) => `"k${at}":1`).join()}}`
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
const listOf = (count: number, value: string): string =>
  `[${Array.from({ length: count }, () => statementWith(value)).join()}]`

t.test('while a body is parsed and judged, others are answered', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const wrong = (body: string): string => `${body.slice(0, -1)},{}]`
  const bodies = {
    'large statements full of numbers': listOf(12, numbers(mebibyte)),
    'extensions nested 90 deep': listOf(6, `[${Array.from({ length: 2500 }, () => nested(90)).join()}]`),
    'many keys': listOf(60, keys(15_000)),
    'many statements': listOf(20_000, '1')
  }
  for (const [what, body] of Object.entries(bodies)) {
    const answer = await requireFair(t, lrs, what, 400, () => asker.post(wrong(body), { headers: json }))
    t.match(jsonOf(answer), { error: 'INVALID_STATEMENT' })
    t.match(jsonOf(answer).problems[0].pointer, /^$/)
  }
})

t.test('while statements of 15 MB are reshaped, others are answered, and it says what was sent', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const value = `[1.0,12345678901234567890,${numbers(1.4 * mebibyte).slice(1, -1)},1E+2,"\\u00e9",{"z":1,"a":-0}]`
  t.equal((await asker.post(listOf(10, value), { headers: json })).status, 200)
  for (const format of ['ids', 'canonical']) {
    let found = 0
    await requireFair(t, lrs, format, 200, async () => {
      for (let answer = await asker.get({ format }); ; ) {
        found += textOf(answer).split(value).length - 1
        const { more } = jsonOf(answer)
        if (!more) return answer
        answer = await asker.send('GET', more)
      }
    })
    t.equal(found, 10, `${format}: text of numbers, escapes and order of keys`)
  }
})

const limits = { maxStatementSize: 10_000, maxStatementKeys: 100, maxStatementDepth: 20 }
const excessive = {
  SIZE: [statementWith(numbers(12_000)), 'maxSize', limits.maxStatementSize],
  KEYS: [statementWith(keys(101)), 'maxKeys', limits.maxStatementKeys],
  DEPTH: [statementWith(nested(18)), 'maxDepth', limits.maxStatementDepth]
} as const

const requireRefused = (t: Test, answer: Answer, index: number, name: keyof typeof excessive): void => {
  const [, rule, limit] = excessive[name]
  const setting = `RALPH_RUNSERVER_MAX_STATEMENT_${name}`
  t.equal(answer.status, 400)
  t.match(jsonOf(answer), { error: 'INVALID_STATEMENT', setting, limit, problems: [{ index, pointer: '', rule }] })
  t.match(jsonOf(answer).message, setting)
}

t.test('a statement beyond a limit is refused, and the error names the setting', async (t) => {
  const lrs = await startLrs(t, { settings: limits })
  const asker: Client = lrs.fresh()
  const good = statementWith('1')
  for (const name of Object.keys(excessive) as (keyof typeof excessive)[]) {
    const [body] = excessive[name]
    requireRefused(t, await asker.post(body, { headers: json }), 0, name)
    requireRefused(t, await asker.post(`[${good},${body}]`, { headers: json }), 1, name)
    const put = { headers: json, body, query: { statementId: anId() } }
    requireRefused(t, await asker.send('PUT', '/xAPI/statements', put), 0, name)
    const [, rule] = excessive[name]
    const partial = await asker.post(`[${statementWith('2')},${body}]`, {
      headers: json,
      query: { partialSuccess: true }
    })
    t.match(jsonOf(partial), { inserted: 1, rejected: 1, errors: [{ index: 1, problems: [{ rule }] }] })
  }
  const atLimit = `[${statementWith(nested(17))},${statementWith(keys(85))}]`
  t.equal((await asker.post(atLimit, { headers: json })).status, 200)
})

t.test('nesting without end is refused before it is parsed', async (t) => {
  const asker = (await startLrs(t)).fresh()
  for (const value of ['['.repeat(1_000_000), nested(200_000)]) {
    const answer = await asker.post(statementWith(value), { headers: json })
    t.equal(answer.status, 400)
    t.match(jsonOf(answer), { error: 'INVALID_STATEMENT', problems: [{ rule: /maxDepth|maxKeys/ }] })
  }
})

t.test('documents cannot be merged beyond the limit of one body', async (t) => {
  const limit = 100_000
  const asker = (await startLrs(t, { settings: { maxBodySize: limit } })).fresh()
  const agent = { mbox: 'mailto:a@example.org' }
  const places = {
    '/xAPI/activities/state': { activityId: 'https://example.org/a', agent, stateId: 'x' },
    '/xAPI/activities/profile': { activityId: 'https://example.org/a', profileId: 'x' },
    '/xAPI/agents/profile': { agent, profileId: 'x' }
  }
  for (const [path, query] of Object.entries(places)) {
    const merge = (key: string): Promise<Answer> =>
      asker.send('POST', path, { query, headers: json, body: JSON.stringify({ [key]: 'x'.repeat(60_000) }) })
    t.equal((await merge('a')).status, 204)
    t.equal((await merge('a')).status, 204, 'what takes the place of something does not count twice')
    const refused = await merge('b')
    t.equal(refused.status, 413)
    t.match(jsonOf(refused), { error: 'BODY_TOO_LARGE', limit, setting: 'RALPH_RUNSERVER_MAX_BODY_SIZE' })
    t.same(Object.keys(jsonOf(await asker.send('GET', path, { query }))), ['a'], 'nothing was merged')
  }
})
