import t from 'tap'
import type { StatementShape } from '../../src/edx/convert/index.ts'
import { createEdxToXapi } from '../../src/edx/convert/index.ts'
import { validateStatement } from '../../src/validation/statement.ts'
import type { Statement } from '../../src/xapi/statement.ts'

const platformUrl = 'https://courses.example.org'
const namespace = 'ee241f8b-174f-5bdb-bae9-c09de5fe017f'
const course = 'course-v1:Ada+MATH1+2026'
const courseActivity = {
  id: `${platformUrl}/courses/${course}/info`,
  definition: { type: 'http://adlnet.gov/expapi/activities/course' }
}
const of = (name: string): string => `https://w3id.org/xapi/video/extensions/${name}`

const logged = (source: string, type: string, event: unknown, more: object = {}): object => ({
  username: 'grace',
  event_source: source,
  event_type: type,
  event,
  time: '2026-03-02T09:15:42.123456+00:00',
  session: 'd2c3e8f9a0b14c5d8e7f60718293a4b5',
  page: source === 'browser' ? `${platformUrl}/courses/${course}/courseware` : null,
  agent: 'Mozilla/5.0',
  context: { course_id: course, user_id: 6, path: '/event' },
  ...more
})

const convert = (event: object, shape: StatementShape = 'event'): Statement => {
  const text = JSON.stringify(event)
  const result = createEdxToXapi({ platformUrl, namespace, shape })(text, Buffer.from(`${text}\n`))
  if (!('statement' in result)) throw new Error('reason' in result ? result.reason : result.unknown)
  for (const version of ['1.0.3', '2.0.0'] as const) {
    const problems = validateStatement(result.statement, version)
    if (problems.length > 0) throw new Error(`${version}: ${JSON.stringify(problems)}`)
  }
  return result.statement
}

t.test('a request whose `event` the server cut off at 512 characters converts: nothing of it is needed', async (t) => {
  const path = `/courses/${course}/xblock/block-v1:Ada+MATH1+2026+type@problem+block@x/handler/xmodule_handler/problem_check`
  const cut = JSON.stringify({ POST: { input_x_2_1: ['a'.repeat(600)] }, GET: {} }).slice(0, 512)
  for (const shape of ['event', 'ralph'] as const) {
    const event = logged('server', path, cut, { context: { course_id: course, user_id: 6, path } })
    t.match(convert(event, shape), { object: { id: `${platformUrl}${path}` }, actor: { account: { name: '6' } } })
  }
  t.match(convert(logged('browser', 'page_close', '{"cut')), { object: { id: /courseware$/ } })
  t.throws(() => convert(logged('server', 'showanswer', cut)), /cut it off at 512 characters/)
})

t.test('a request of a log before 2014, whose context has no path, is known by its type', async (t) => {
  const event = logged('server', '/dashboard', '{"POST": {}, "GET": {}}', { context: { course_id: '', user_id: 6 } })
  t.match(convert(event), { object: { id: `${platformUrl}/dashboard` } })
})

t.test('an enrolment by staff is the enrolment of the learner', async (t) => {
  for (const name of ['activated', 'deactivated', 'mode_changed']) {
    const event = logged('server', `edx.course.enrollment.${name}`, { course_id: course, user_id: 99, mode: 'audit' })
    t.match(convert(event).actor, { account: { name: '99' } }, name)
    if (name !== 'mode_changed') t.match(convert(event, 'ralph').actor, { account: { name: '6' } }, 'as Python Ralph')
  }
  const ofExam = { exam_content_id: 'block-v1:Ada+MATH1+2026+type@sequential+block@e', attempt_user_id: 99 }
  t.match(convert(logged('server', 'edx.special_exam.timed.attempt.started', ofExam)).actor, {
    account: { name: '99' }
  })
})

t.test(
  'a video has the address that its completions have, its course, and numbers that are true or not there',
  async (t) => {
    const id = '0123456789abcdef0123456789abcdef'
    const key = `block-v1:Ada+MATH1+2026+type@video+block@${id}`
    const played = { id, code: 'html5', duration: 195, currentTime: 194 }
    const completed = logged('server', 'edx.completion.block_completion.changed', { block_id: key, completion: 1 })
    const stopped = convert(logged('browser', 'stop_video', JSON.stringify(played)))
    t.strictSame(stopped.object, {
      id: `${platformUrl}/xblock/${key}`,
      definition: { type: 'https://w3id.org/xapi/video/activity-type/video' }
    })
    t.match(convert(completed).object, { id: `${platformUrl}/xblock/${key}` })
    t.strictSame(stopped.result, { extensions: { [of('time')]: 194 } })
    t.strictSame(stopped.context, {
      contextActivities: { grouping: [courseActivity] },
      extensions: { [of('session-id')]: 'd2c3e8f9-a0b1-4c5d-8e7f-60718293a4b5', [of('length')]: 195 }
    })
    for (const type of ['load_video', 'play_video', 'pause_video', 'seek_video', 'edx.video.played']) {
      const { context, object } = convert(
        logged('browser', type, JSON.stringify({ ...played, old_time: 1, new_time: 2 }))
      )
      t.match(context?.contextActivities, {
        grouping: [courseActivity],
        category: [{ id: 'https://w3id.org/xapi/video' }]
      })
      t.match(object, stopped.object)
    }
    for (const duration of [undefined, null, 0]) {
      const { context } = convert(logged('browser', 'pause_video', JSON.stringify({ ...played, duration })))
      t.strictSame(Object.keys(context?.extensions ?? {}), [of('session-id')], 'no length that nobody knows')
      t.equal(context?.contextActivities?.category, undefined, 'and no claim to follow a profile that asks for it')
    }
  }
)

t.test('a video of a course of any age has its usage key', async (t) => {
  for (const [courseId, id, key] of [
    ['edX/DemoX/2014', 'i4x-edX-DemoX-video-abc', 'i4x://edX/DemoX/video/abc'],
    ['ccx-v1:Ada+MATH1+2026+ccx@1', 'abc', 'ccx-block-v1:Ada+MATH1+2026+ccx@1+type@video+block@abc'],
    [course, 'block-v1:Ada+MATH1+2026+type@video+block@abc', 'block-v1:Ada+MATH1+2026+type@video+block@abc']
  ] as const) {
    const event = logged('browser', 'play_video', { id }, { context: { course_id: courseId, user_id: 6 } })
    t.match(convert(event).object, { id: `${platformUrl}/xblock/${key}` })
  }
})

t.test('a time without zone is UTC', async (t) => {
  const event = logged('browser', 'page_close', '{}', { time: '2026-03-02T09:15:42.123456' })
  t.equal(convert(event).timestamp, '2026-03-02T09:15:42.123456Z')
})

t.test('an event of the event bus converts as the line that the platform writes of it', async (t) => {
  for (const [line, context] of [
    [logged('browser', 'play_video', { id: 'abc', currentTime: 5 }), { event_source: 'browser' }],
    [logged('server', 'edx.bookmark.added', { component_usage_id: 'block-v1:Ada+MATH1+2026+type@html+block@x' }), {}]
  ] as const) {
    const { event_type: name, event: data, time: timestamp, ...rest } = line as Record<string, unknown>
    const { username, session, page, agent } = rest
    const bus = {
      name,
      data,
      timestamp,
      context: { ...(rest.context as object), ...context, username, session, page, agent, client_id: null }
    }
    const { id, ...statement } = convert(bus)
    const { id: other, ...expected } = convert(line)
    t.strictSame(statement, expected)
    t.not(id, other)
  }
})
