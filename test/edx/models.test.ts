import { readdirSync } from 'node:fs'
import t from 'tap'
import { createEventSelect } from '../../src/edx/select.ts'
import { createEventJudge, decodeEvent } from '../../src/edx/validate.ts'
import { readModels } from '../../src/validation/models.ts'
import { createEmptyAjv, findSchemas } from '../../src/validation/registry.ts'
import { changed } from '../validation/examples.ts'
import { invalidEvents } from './invalid-events.ts'

const { models, shared } = readModels('edx')
const judge = createEventJudge()
const select = createEventSelect()

const base = 'https://ralph-lrs.example/schemas/edx/'

const parentOf = (pointer: string): string => pointer.slice(0, pointer.lastIndexOf('/'))

t.test('there are the 105 models of Ralph, each with an example that is not valid', async (t) => {
  t.equal(models.length, 105)
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
      t.same(model.judge(example), [])
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
      t.match(judge(event), expected, `${pointer} breaks ${rule}`)
      if (pointer === '/event' || typeof event.event !== 'object' || Array.isArray(event.event)) continue
      t.match(judge({ ...event, event: JSON.stringify(event.event) }), expected, `${pointer} breaks ${rule}, as text`)
    }
  })
}

const example = (name: string): Record<string, unknown> =>
  models.find((model) => model.name === name)?.schema.examples[0]

t.test('what every event has is checked', async (t) => {
  const server = example('server/server')
  const browser = example('video/play_video')
  const cases: readonly (readonly [event: object, pointer: string, value: unknown, rule: string])[] = [
    [server, '/username', undefined, 'required'],
    [server, '/username', 7, 'type'],
    [server, '/time', 'yesterday', 'format/timestamp'],
    [server, '/ip', '192.0.2.256', 'ip'],
    [server, '/referer', 'nowhere', 'referer'],
    [server, '/agent', null, 'type'],
    [server, '/page', 7, 'type'],
    [server, '/context/course_id', 'geometry', 'courseId'],
    [server, '/context/user_id', 'ada', 'userId'],
    [server, '/context/module', { usage_key: 'x' }, 'usageKey'],
    [browser, '/page', null, 'page'],
    [browser, '/page', 'courseware', 'page'],
    [browser, '/session', undefined, 'required'],
    [browser, '/context', undefined, 'required']
  ]
  for (const [event, pointer, value, rule] of cases) {
    const judged = judge(changed(event, [pointer, value as null]))
    const at = value === undefined ? parentOf(pointer) : rule === 'usageKey' ? `${pointer}/usage_key` : pointer
    t.match(judged, { problems: [{ pointer: at, rule }] }, `${pointer} ${JSON.stringify(value)}`)
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
    { ...server, event_source: 'mobile' },
    { ...server, event_source: 'browser' },
    { ...server, event_type: ['play_video'] }
  ]) {
    t.same(judge(value), { known: false })
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
    const long = part.repeat(200_000)
    for (const start of ['block-v1:', 'course-v1:', 'i4x://', '']) {
      judge(
        changed(seq, ['/event/id', `${start}${long}\n`], ['/context/course_id', `${start}${long}\n`], ['/ip', long])
      )
    }
  }
  t.ok(performance.now() - started < 5000)
})
