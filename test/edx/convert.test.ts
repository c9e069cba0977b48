import { createHash } from 'node:crypto'
import t from 'tap'
import { conversions, findConversion } from '../../src/edx/convert/conversions.ts'
import type { Conversion } from '../../src/edx/convert/define.ts'
import { createEdxToXapi } from '../../src/edx/convert/index.ts'
import { activityTypes, profiles, verbs } from '../../src/edx/convert/vocabulary.ts'
import { createRandom, type Random } from '../../src/sample/random.ts'
import { createRecordValidator } from '../../src/toolbox/record-validators.ts'
import { isUri } from '../../src/validation/formats/uri.ts'
import { validateStatement } from '../../src/validation/statement.ts'
import { isActivity, type Statement } from '../../src/xapi/statement.ts'
import { allKinds, edxEvent, edxEvents, ralphKinds } from './events.ts'

const platformUrl = 'https://lms.example.org'
const namespace = 'ee241f8b-174f-5bdb-bae9-c09de5fe017f'
const convertLine = createEdxToXapi({ platformUrl, namespace })
const convertForAspects = createEdxToXapi({ platformUrl, namespace, shape: 'aspects' })
const convertAsRalph = createEdxToXapi({ platformUrl, namespace, shape: 'ralph' })

const convert = (event: unknown, by = convertLine): Statement => {
  const text = JSON.stringify(event)
  const result = by(text, Buffer.from(`${text}\n`))
  if ('statement' in result) return result.statement
  throw new Error('reason' in result ? result.reason : result.unknown)
}

t.test('every conversion gives valid statements of the verb, the type and the profile that it states', async (t) => {
  const random = createRandom(3)
  const withResult = new Set<Conversion>()
  const claiming = new Set<Conversion>()
  for (const conversion of conversions) {
    for (const source of conversion.sources) {
      for (const type of conversion.events) {
        for (let round = 0; round < 12; round++) {
          const event = edxEvent(random, { source, type }, { asText: round % 2 === 0 })
          const statement = convert(event)
          const problems = [...validateStatement(statement, '1.0.3'), ...validateStatement(statement, '2.0.0')]
          if (problems.length > 0) t.same(problems, [], `${source} ${type}`)
          const stated = [conversion.verb, ...(conversion.otherwise ? [conversion.otherwise.verb] : [])]
          t.ok(stated.some((name) => verbs[name].id === statement.verb.id))
          const { object, context } = statement
          if (!isActivity(object)) throw new Error('no activity')
          if (conversion.object !== 'block') t.equal(object.definition?.type, activityTypes[conversion.object].id)
          // Where something is missing that the profile asks for, the statement does not claim to follow it.
          for (const { id } of [context?.contextActivities?.category ?? []].flat()) {
            t.equal(id, conversion.profile && profiles[conversion.profile].id)
            claiming.add(conversion)
          }
          if (statement.result !== undefined) withResult.add(conversion)
        }
      }
    }
  }
  for (const conversion of conversions) {
    t.equal(withResult.has(conversion), conversion.result !== undefined, `result of ${conversion.events[0]}`)
    t.equal(claiming.has(conversion), conversion.profile !== undefined, `profile of ${conversion.events[0]}`)
    for (const type of conversion.seen ?? []) t.ok(conversion.events.includes(type), `${type} is one of its events`)
  }
})

t.test('both verbs of a conversion that has two are met', async (t) => {
  const met = new Set([...edxEvents(5, 30 * allKinds.length)].map((event) => convert(event).verb.id))
  for (const { otherwise, verb } of conversions) {
    t.ok(met.has(verbs[verb].id))
    if (otherwise !== undefined) t.ok(met.has(verbs[otherwise.verb].id))
  }
})

t.test('no two conversions are for the same events', async (t) => {
  const seen = new Set<string>()
  for (const { source, type } of allKinds) {
    t.notOk(seen.has(`${source} ${type}`), `${source} ${type}`)
    seen.add(`${source} ${type}`)
  }
  t.ok(seen.size > 150)
  t.equal(findConversion('server', '/dashboard', '/dashboard'), findConversion('server', '<context.path>', undefined))
  t.equal(findConversion('server', '/dashboard', '/event'), undefined)
  t.equal(findConversion('browser', '/dashboard', '/dashboard'), undefined)
  t.equal(findConversion('__proto__', 'constructor', undefined), undefined)
})

t.test('every word that a statement can carry is an IRI, named once', async (t) => {
  for (const terms of [verbs, activityTypes, profiles]) {
    const ids = Object.values(terms).map(({ id }) => id)
    t.equal(new Set(ids).size, ids.length)
    for (const id of ids) t.ok(isUri(id), id)
  }
})

t.test('10,000 events of all kinds give the very statements that they gave before', async (t) => {
  const digest = createHash('sha256')
  for (const event of edxEvents(1, 10_000)) digest.update(`${JSON.stringify(convert(event))}\n`)
  t.equal(digest.digest('hex'), '8ac88c725741c8c916e1a43749859b664be46d3716ad761d8467cbb2d314e1c4')
})

const odd: readonly [unknown, ...unknown[]] = [
  null,
  '',
  'x',
  ' ',
  '\ud800',
  '{"half": ',
  '[]',
  '"{}"',
  '💥'.repeat(50),
  'https://[::1',
  '%',
  '1e400',
  '-1',
  0,
  -1,
  1.5,
  1e21,
  Number.MAX_SAFE_INTEGER + 2,
  true,
  false,
  [],
  [null],
  [[['deep']]],
  [{ id: 1 }],
  {},
  { id: null },
  { toString: 1, constructor: 2 },
  { usage_key: 5, text: {}, parts: 7, points: 'many' }
]

/** One field somewhere in the value is gone, or something else. */
const damaged = (random: Random, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return random.pick(odd)
  const keys = Object.keys(value)
  const [first, ...others] = keys
  if (first === undefined || random.chance(0.1)) return random.pick(odd)
  const key = random.pick([first, ...others])
  const fields = { ...value } as Record<string, unknown>
  if (random.chance(0.2)) delete fields[key]
  else fields[key] = random.chance(0.7) ? damaged(random, fields[key]) : random.pick(odd)
  return fields
}

t.test(
  'whatever an event holds, it becomes a valid statement or is refused with the place of what is wrong',
  async (t) => {
    const random = createRandom(11)
    const counts = { statements: 0, refused: 0, unknown: 0 }
    for (let round = 0; round < 60; round++) {
      for (const kind of allKinds) {
        let event: unknown = edxEvent(random, kind, { asText: round % 3 === 0 })
        for (let damage = 0; damage <= round % 3; damage++) event = damaged(random, event)
        const text = JSON.stringify(event) ?? 'null'
        const result = (round % 2 === 0 ? convertLine : convertForAspects)(text, Buffer.from(text))
        if ('statement' in result) {
          counts.statements += 1
          // What is printed and read again is judged: so will be whoever gets it.
          for (const statement of [result.statement, ...(result.further ?? [])]) {
            for (const version of ['1.0.3', '2.0.0'] as const) {
              const problems = validateStatement(JSON.parse(JSON.stringify(statement)), version)
              if (problems.length > 0) t.same(problems, [], text)
            }
          }
        } else if ('reason' in result) {
          counts.refused += 1
          if (!/^(is no JSON object|cannot be converted: \/\S+ should be )/.test(result.reason)) t.fail(result.reason)
        } else counts.unknown += 1
      }
    }
    t.ok(counts.statements > 1000 && counts.refused > 500 && counts.unknown > 100, counts)
  }
)

t.test('what is no event of edX, or of a type that nobody knows, is unknown', async (t) => {
  for (const [text, unknown] of [
    ['{}', /is no event of edX/],
    ['{"event_source":"server","event_type":7}', /is no event of edX/],
    ['{"event_source":"browser","event_type":"nothing"}', /event_type "nothing" of event_source "browser"/]
  ] as const) {
    t.match(convertLine(text, Buffer.from(text)), { unknown })
  }
  for (const text of ['', '5', '[]', 'null', '"x"', '{"a":']) {
    t.match(convertLine(text, Buffer.from(text)), { reason: /^is no JSON/ }, text)
  }
})

t.test('10,000 events of the nine kinds of Ralph 5 give what Ralph 5.1 gave for them', async (t) => {
  // Compared statement by statement with the output of Ralph 5.1 when the digest was taken: all were equal JSON.
  const digest = createHash('sha256')
  for (const event of edxEvents(1, 10_000, ralphKinds, { asText: false })) {
    digest.update(`${JSON.stringify(convert(event, convertAsRalph))}\n`)
  }
  t.equal(digest.digest('hex'), 'fc34d33a716f36d72c670821840160c51c3dc963e1976ac46117d033eff1d607')
})

t.test('what is made to take long or to break is answered at once', async (t) => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  const problem = (answers: string) =>
    `{"event_source":"server","event_type":"problem_check","context":{},"event":{"problem_id":"x","answers":${answers}}}`
  const deepest = problem(`[${deep}]`)
  t.match(convertLine(deepest, Buffer.from(deepest)), { reason: /nested too deep/ })
  const started = performance.now()
  const many = 200_000
  for (const [source, type, field] of [
    ['browser', 'problem_check', `"event":"input_i4x-a-b-problem-${'1'.repeat(many)}"`],
    ['browser', 'problem_check', `"event":"input_i4x-a-b-problem-${'1_1_'.repeat(many)}"`],
    ['browser', 'problem_check', `"event":"${'&input_i4x-a-b-problem-'.repeat(many)}"`],
    ['browser', 'play_video', `"event":{"id":"x","currentTime":"${'1'.repeat(many)}x"}`],
    ['server', 'edx.course.enrollment.activated', `"event":{"course_id":"x${'/'.repeat(many)}x"}`],
    ['server', 'edx.bookmark.added', `"event":{"component_usage_id":"${'+type@'.repeat(many)}"}`],
    ['browser', 'page_close', `"page":"https://x/${' #%'.repeat(many)}"`],
    ['browser', 'page_close', `"page":"https://x/","time":"${'1'.repeat(many)}x"`]
  ] as const) {
    const text = `{"event_source":"${source}","event_type":"${type}","page":"https://x/","context":{},${field}}`
    const result = convertLine(text, Buffer.from(text))
    t.ok('statement' in result || 'reason' in result, type)
  }
  t.ok(performance.now() - started < 5000)
})

t.test('a statement that claims to follow a profile does so', async (t) => {
  const random = createRandom(13)
  for (const { profile, events, sources } of conversions) {
    if (profile === undefined) continue
    const judge = await createRecordValidator({ format: 'xapi', profile })
    for (const source of sources) {
      for (const type of events.flatMap((each) => [each, each, each, each])) {
        const statement = convert(edxEvent(random, { source, type }, { asText: false }))
        if (statement.context?.contextActivities?.category === undefined) continue
        const text = JSON.stringify(statement)
        t.strictSame(judge(JSON.parse(text), text), { unknown: undefined, problems: [] }, `${source} ${type}`)
      }
    }
  }
})
