import { readdirSync } from 'node:fs'
import t from 'tap'
import { createEdxToXapi } from '../../src/edx/convert/index.ts'
import { createEventSelect } from '../../src/edx/select.ts'
import { createEventValidator, decodeEvent } from '../../src/edx/validate.ts'
import { createRandom } from '../../src/sample/random.ts'
import { readModels } from '../../src/validation/models.ts'
import { createEmptyAjv, findSchemas } from '../../src/validation/registry.ts'
import { changed } from '../validation/examples.ts'
import { allKinds, edxEvent } from './events.ts'
import { invalidEvents } from './invalid-events.ts'

const { models, shared } = readModels('edx')
const judgeText = createEventValidator()
const judge = (value: unknown) => judgeText(value, JSON.stringify(value))
const convert = createEdxToXapi({
  platformUrl: 'https://lms.example.org',
  namespace: 'ee241f8b-174f-5bdb-bae9-c09de5fe017f'
})
const isConverted = (value: unknown): boolean => {
  const text = JSON.stringify(value)
  return 'statement' in convert(text, Buffer.from(text))
}
const select = createEventSelect()

const base = 'https://ralph-lrs.example/schemas/edx/'

const parentOf = (pointer: string): string => pointer.slice(0, pointer.lastIndexOf('/'))

t.test('there are the 105 models of Ralph and more, each with an example that it refuses', async (t) => {
  t.ok(models.length >= 105)
  t.same(Object.keys(invalidEvents).sort(), models.map(({ name }) => name).sort())
})

t.test('an $id says where its file is, and every JSON file is a schema', async (t) => {
  const files = readdirSync(findSchemas(import.meta.url.replace('/test/', '/src/'), 'edx'), {
    recursive: true,
    encoding: 'utf8'
  }).filter((file) => file.endsWith('.json'))
  const ids = [...models.map(({ schema }) => schema), ...shared].map(({ $id }) => String($id))
  t.same(ids.sort(), files.map((file) => base + file.replaceAll('\\', '/')).sort())
})

t.test('every schema is one of draft 2020-12, and has a title', async (t) => {
  const ajv = createEmptyAjv({ meta: true, validateSchema: true })
  for (const schema of [...shared, ...models.map((model) => model.schema)]) {
    t.ok(ajv.validateSchema(schema), String(schema.$id))
    t.type(schema.title, 'string', String(schema.$id))
  }
})

for (const model of models) {
  t.test(`${model.name}: its examples are selected as it and valid, and changed ones are refused`, async (t) => {
    const examples: readonly Record<string, unknown>[] = model.schema.examples
    t.ok(examples.length > 0)
    for (const example of examples) {
      t.same(model.problemsIn(example), [])
      t.same(judge(example), { known: true, model: model.name, problems: [] })
      t.equal(select(example)[0]?.name, model.name)
      if (typeof example.event !== 'object') continue
      const asText = { ...example, event: JSON.stringify(example.event) }
      t.match(judge(asText), { known: true, model: model.name, problems: [] }, 'with `event` as a text of JSON')
    }
    const [example = {}] = examples
    for (const [pointer, value, rule] of invalidEvents[model.name] ?? []) {
      const event = changed(example, [pointer, value as null])
      const at = value === undefined ? parentOf(pointer) : pointer
      const expected = { known: true, model: model.name, problems: [{ pointer: at, rule }] }
      t.match(model.problemsIn(event), expected.problems, `${pointer} breaks ${rule}`)
      const verdict = isConverted(event) ? { known: true, problems: [] } : expected
      t.match(judge(event), verdict, `${pointer} breaks ${rule}`)
      if (pointer === '/event' || typeof event.event !== 'object' || Array.isArray(event.event)) continue
      t.match(judge({ ...event, event: JSON.stringify(event.event) }), verdict, `${pointer} breaks ${rule}, as text`)
    }
  })
}

const example = (name: string): Record<string, unknown> =>
  models.find((model) => model.name === name)?.schema.examples[0]

t.test('what every event has is checked', async (t) => {
  const server = example('server/server')
  const browser = example('video/play_video')
  const cases: readonly (readonly [event: object, pointer: string, value: unknown, rule: string])[] = [
    [server, '/time', 'yesterday', 'format/timestamp'],
    [server, '/context/user_id', { user: 7 }, 'type'],
    [browser, '/time', true, 'type'],
    [browser, '/context', [], 'type'],
    [browser, '/event', undefined, 'required'],
    [browser, '/event/id', '', 'minLength']
  ]
  for (const [event, pointer, value, rule] of cases) {
    const judged = judge(changed(event, [pointer, value as null]))
    const at = value === undefined ? parentOf(pointer) : pointer
    t.match(judged, { problems: [{ pointer: at, rule }] }, `${pointer} ${JSON.stringify(value)}`)
  }
})

const kindsOfValues = [undefined, null, '', 'x', '7', 7, -7, 1.5, true, [], ['x'], {}, { x: 1 }]

t.test('whatever ralph convert takes is valid, whatever any field of it holds', async (t) => {
  let converted = 0
  const look = (event: object): void => {
    if (!isConverted(event)) return
    converted += 1
    const judged = judge(event)
    if (!judged.known || judged.problems.length > 0) t.fail(JSON.stringify(event), { judged })
  }
  const random = createRandom(11)
  for (const kind of allKinds) {
    for (const asText of [true, false]) look(edxEvent(random, kind, { asText }))
  }
  for (const [index, { schema }] of models.entries()) {
    // What all events share need not be changed in all of them.
    const parts = index % 12 === 0 ? ['', '/context', '/event'] : ['/event']
    for (const event of schema.examples as readonly Record<string, unknown>[]) {
      const places = parts.flatMap((at) => {
        const within = at === '' ? event : event[at.slice(1)]
        return typeof within === 'object' && within !== null ? Object.keys(within).map((key) => `${at}/${key}`) : []
      })
      for (const place of [...places, '/surprise', '/context/surprise']) {
        for (const value of kindsOfValues) look(changed(event, [place, value as null]))
      }
    }
  }
  t.ok(converted > 4000, { converted })
})

t.test('a model takes fields that are missing, null or new, as long as the event can be converted', async (t) => {
  // Each release writes some fields that the last one did not, and the other way round; time and context never lack.
  const always = ['/time', '/context']
  for (const model of models) {
    const [event = {}]: readonly Record<string, unknown>[] = model.schema.examples
    const within = typeof event.event === 'object' && !Array.isArray(event.event) ? Object.keys(event.event ?? {}) : []
    const places = [...Object.keys(event).map((key) => `/${key}`), ...within.map((key) => `/event/${key}`)]
    for (const place of [...places, '/event/surprise'].filter((each) => !always.includes(each))) {
      for (const value of place === '/event/surprise' ? [1] : [undefined, null]) {
        if (place === '/event/surprise' && within.length === 0) continue
        const without = changed(event, [place, value as null])
        if (isConverted(without)) t.same(model.problemsIn(without), [], `${model.name} ${place} ${value}`)
      }
    }
  }
})

t.test('what real logs have is valid', async (t) => {
  const server = example('server/server')
  const browser = example('video/play_video')
  const check = example('problem/problem_check')
  const cases: readonly (readonly [event: object, pointer: string, value: unknown])[] = [
    [server, '/username', `retired__user_${'a'.repeat(40)}`],
    [server, '/username', ''],
    [server, '/ip', '2001:db8::1'],
    [server, '/ip', '::ffff:192.0.2.7'],
    [server, '/ip', ''],
    [server, '/ip', '203.0.113.7, 192.0.2.1'],
    [server, '/referer', 'about'],
    [server, '/agent', null],
    [server, '/context/module', {}],
    [browser, '/page', null],
    [browser, '/session', undefined],
    [browser, '/event_source', 'mobile'],
    [browser, '/context/course_id', 'ccx-v1:Ada+MATH1+2026+ccx@1'],
    [browser, '/event/currentTime', null],
    [browser, '/name', 'edx.video.played'],
    [check, '/event/problem_id', 'ccx-block-v1:Ada+MATH1+2026+ccx@1+type@problem+block@triangles'],
    [check, '/event/grade', null],
    [check, '/event/submission', null],
    [server, '/session', 'd2c3e8f9a0b14c5d8e7f60718293a4b5'],
    [server, '/context/enterprise_uuid', 'f2f3b2ac-7b2b-4f2a-9c3e-52a0f1f6b1a5'],
    [server, '/context/user_id', ''],
    [server, '/context/user_id', null],
    [server, '/context/course_id', 'edX/DemoX/Demo_Course'],
    [server, '/context/course_id', ''],
    [server, '/context/org_id', undefined],
    [server, '/accept_language', undefined],
    [server, '/event', '{"POST": {"text": ["cut off at 512 charac'],
    [browser, '/name', undefined],
    [browser, '/event/duration', 310.5],
    [example('video/speed_change_video'), '/event/current_time', 60.5],
    [check, '/page', 'x_module'],
    [check, '/event/state/has_saved_answers', false],
    [check, '/event/grade', 0.5],
    [check, '/event/problem_id', 'i4x://edX/DemoX/problem/triangles']
  ]
  for (const [event, pointer, value] of cases) {
    const judged = judge(changed(event, [pointer, value as null]))
    t.match(judged, { known: true, problems: [] }, `${pointer} ${JSON.stringify(value)}`)
    t.equal(judged.known && judged.problems.length, 0)
  }
})

t.test('what no model is for is not known', async (t) => {
  const server = example('server/server')
  for (const value of [
    null,
    7,
    'text',
    [],
    {},
    { ...server, event_type: '/elsewhere' },
    { ...server, event_source: 'app' },
    { ...server, event_source: 'browser' },
    { ...server, event_type: ['play_video'] }
  ]) {
    t.same(judge(value), { known: false }, JSON.stringify(value))
  }
})

t.test('a browser and a server say the same word for different things', async (t) => {
  t.equal(select(example('problem/problem_check'))[0]?.name, 'problem/problem_check')
  t.equal(select(example('problem/problem_check.browser'))[0]?.name, 'problem/problem_check.browser')
})

t.test('the generic model of the server comes last, and is enough', async (t) => {
  const server = example('server/server')
  const both = { ...server, event_type: 'showanswer', context: { path: 'showanswer' } }
  t.same(
    select(both).map(({ name }) => name),
    ['problem/showanswer', 'server/server']
  )
  t.match(judge(both), { known: true, model: 'server/server', problems: [] })
})

t.test('what cannot be decoded is left as it is', async (t) => {
  const text = { event: '{"POST": {' }
  t.equal(decodeEvent(text), text)
  t.equal(decodeEvent(null), null)
  t.same(decodeEvent({ event: ' {"a": 1}' }), { event: { a: 1 } })
  t.same(decodeEvent({ event: 'input_1=2' }), { event: 'input_1=2' })
})

t.test('a text made to hold a pattern up does not', async (t) => {
  const seq = example('navigation/seq_next')
  const started = performance.now()
  for (const part of ['type@', '+block', '+type@x+block', 'a@', '+', '/', ':']) {
    const long = part.repeat(100_000)
    for (const start of ['block-v1:', 'course-v1:', 'i4x://', '']) {
      judge(
        changed(seq, ['/event/id', `${start}${long}\n`], ['/context/course_id', `${start}${long}\n`], ['/ip', long])
      )
    }
  }
  t.ok(performance.now() - started < 5000)
})
