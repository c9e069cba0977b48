import t from 'tap'
import { createEdxToXapi } from '../../src/edx/convert/index.ts'
import { validateStatement } from '../../src/validation/statement.ts'
import { isActivity, type Statement } from '../../src/xapi/statement.ts'
import { ralph } from '../support/ralph-process.ts'

const platformUrl = 'https://courses.example.org'
const course = 'course-v1:Ada+MATH1+2026'
const convertLine = createEdxToXapi({
  platformUrl,
  namespace: 'ee241f8b-174f-5bdb-bae9-c09de5fe017f',
  shape: 'aspects'
})

const logged = (type: string, event: unknown, more: object = {}): object => ({
  username: 'grace',
  event_source: 'server',
  event_type: type,
  name: type,
  event,
  time: '2026-03-02T09:15:42.123456+00:00',
  session: 'd2c3e8f9a0b14c5d8e7f60718293a4b5',
  page: null,
  context: { course_id: course, user_id: 6, path: '/event' },
  ...more
})

const convert = (event: object): readonly Statement[] => {
  const text = JSON.stringify(event)
  const result = convertLine(text, Buffer.from(`${text}\n`))
  if (!('statement' in result)) throw new Error('reason' in result ? result.reason : result.unknown)
  const statements = [result.statement, ...(result.further ?? [])]
  for (const statement of statements) {
    for (const version of ['1.0.3', '2.0.0'] as const) t.same(validateStatement(statement, version), [])
  }
  return statements
}

const linesOf = (events: readonly object[]): string => events.map((each) => `${JSON.stringify(each)}\n`).join('')

const parent = [
  {
    objectType: 'Activity',
    id: `${platformUrl}/course/${course}`,
    definition: { type: 'http://adlnet.gov/expapi/activities/course' }
  }
]
const of = (name: string): string => `https://w3id.org/xapi/${name}`
const key = 'block-v1:Ada+MATH1+2026+type@problem+block@0123456789abcdef0123456789abcdef'

t.test('a video that is played is the statement of event-routing-backends, its id too', async (t) => {
  const [played] = convert(
    logged('play_video', JSON.stringify({ id: 'abc', code: 'html5', currentTime: 1.23456, duration: 195 }), {
      event_source: 'browser'
    })
  )
  t.strictSame(played, {
    // Version 5 of the actor and the time, in a namespace that is version 5 of the verb in that of DNS names.
    id: '75d075f0-edf7-59cd-b049-3a6f6f220869',
    actor: { objectType: 'Agent', account: { homePage: platformUrl, name: '6' } },
    verb: { id: of('video/verbs/played'), display: { en: 'played' } },
    object: {
      objectType: 'Activity',
      id: `${platformUrl}/xblock/block-v1:Ada+MATH1+2026+type@video+block@abc`,
      definition: { type: of('video/activity-type/video') }
    },
    result: { extensions: { [of('video/extensions/time')]: 1.235 } },
    context: {
      contextActivities: { parent },
      extensions: {
        [of('openedx/extension/transformer-version')]: 'ralph, as event-routing-backends@10.0.0',
        [of('openedx/extensions/session-id')]: 'd2c3e8f9a0b14c5d8e7f60718293a4b5',
        [of('video/extensions/length')]: 195
      }
    },
    timestamp: '2026-03-02T09:15:42.123456+00:00',
    version: '1.0.3'
  })
})

t.test('a problem with several questions is one statement, and one more for each question', async (t) => {
  const submission = (answer: unknown, correct: boolean, response_type: string) => ({
    question: 'Which?',
    answer,
    correct,
    response_type
  })
  const event = logged('problem_check', {
    problem_id: key,
    attempts: 2,
    grade: 1,
    max_grade: 2,
    success: 'incorrect',
    submission: {
      x_2_1: submission('a circle', true, 'multiplechoiceresponse'),
      x_3_1: submission(['a line', 'a point'], false, 'choiceresponse')
    }
  })
  const [problem, first, second, ...none] = convert(event)
  t.same(none, [])
  t.match(problem, {
    verb: { id: of('acrossx/verbs/evaluated') },
    object: {
      objectType: 'Activity',
      id: `${platformUrl}/xblock/${key}`,
      definition: {
        type: 'http://adlnet.gov/expapi/activities/cmi.interaction',
        interactionType: 'other',
        extensions: { 'http://id.tincanapi.com/extension/attempt-id': 2 }
      }
    },
    result: { score: { min: 0, max: 2, raw: 1, scaled: 0.5 } },
    context: { contextActivities: { parent } }
  })
  t.match(first, {
    object: {
      id: `${platformUrl}/xblock/block-v1:Ada+MATH1+2026+type@problem+block@x_2_1`,
      definition: { interactionType: 'choice', description: { 'en-US': 'Which?' } }
    },
    result: { success: true, response: 'a circle' },
    context: {
      statement: { objectType: 'StatementRef', id: problem?.id },
      contextActivities: { parent: [problem?.object], grouping: parent }
    }
  })
  t.match(second, { result: { success: false, response: '["a line", "a point"]' } })
  t.equal(new Set([problem?.id, first?.id, second?.id]).size, 3)
})

t.test('words of Aspects: attempted, earned, progressed, voted, asked, registered', async (t) => {
  for (const [type, payload, verb, object, result] of [
    [
      'edx.grades.problem.submitted',
      { problem_id: key, weighted_earned: 1, weighted_possible: 2 },
      'http://adlnet.gov/expapi/verbs/attempted',
      `xblock/${key}`,
      { success: false, score: { min: 0, max: 2, raw: 1, scaled: 0.5 } }
    ],
    [
      'edx.grades.course.grade_calculated',
      { percent_grade: 0.02, letter_grade: '' },
      'http://id.tincanapi.com/verb/earned',
      `course/${course}`,
      {
        score: { min: 0, max: 1, raw: 0.02, scaled: 0.02 },
        extensions: { 'http://www.tincanapi.co.uk/activitytypes/grade_classification': 'Fail' }
      }
    ],
    [
      'edx.completion.block_completion.changed',
      { block_id: key, completion: 0.5 },
      'http://adlnet.gov/expapi/verbs/progressed',
      `xblock/${key}`,
      { completion: false, extensions: { [of('cmi5/result/extensions/progress')]: 50 } }
    ],
    [
      'edx.forum.thread.voted',
      { id: 'abc', vote_value: 'up', undo_vote: false },
      of('openedx/verb/voted'),
      'event/abc',
      undefined
    ],
    ['showanswer', { problem_id: key }, 'http://adlnet.gov/expapi/verbs/asked', `xblock/${key}/answer`, undefined],
    [
      'edx.course.enrollment.mode_changed',
      { course_id: course, mode: 'verified', user_id: 99 },
      'http://adlnet.gov/expapi/verbs/registered',
      `course/${course}`,
      undefined
    ]
  ] as const) {
    const [statement] = convert(logged(type, payload))
    t.equal(statement?.verb.id, verb, type)
    t.match(statement?.object, { id: `${platformUrl}/${object}` })
    t.strictSame(statement?.result, result, type)
  }
})

t.test('what event-routing-backends makes that is not xAPI is made valid', async (t) => {
  const nothing = { problem_id: key, weighted_earned: 0, weighted_possible: 0 }
  t.strictSame(convert(logged('edx.grades.problem.submitted', nothing))[0]?.result, {
    success: true,
    score: { raw: 0, scaled: 0 }
  })
  const [exam] = convert(
    logged('edx.special_exam.timed.attempt.submitted', {
      exam_content_id: 'block-v1:Ada+MATH1+2026+type@sequential+block@e',
      attempt_code: '0A1B2C3D-4E5F-4A6B-8C7D-8E9F0A1B2C3D'
    })
  )
  t.match(exam?.context?.contextActivities?.grouping, [{ id: 'urn:uuid:0a1b2c3d-4e5f-4a6b-8c7d-8e9f0a1b2c3d' }])
  const [link] = convert(logged('edx.ui.lms.link_clicked', { target_url: '/dashboard' }))
  t.ok(link && isActivity(link.object) && link.object.id === `${platformUrl}/dashboard`)
})

t.test(
  'ralph convert --shape aspects: no namespace is needed, and what Aspects does not know is left out',
  async (t) => {
    const input = linesOf([
      logged('showanswer', { problem_id: key }),
      logged('edx.bookmark.added', { component_usage_id: key }),
      logged('showanswer', { problem_id: key }, { username: '', context: { course_id: course, user_id: '' } })
    ])
    const words = ['convert', '-f', 'edx', '-t', 'xapi', '-p', platformUrl, '--shape', 'aspects']
    const { code, stdout, stderr } = await ralph(t, words, { input })
    t.equal(code, 0)
    t.equal(stdout.trim().split('\n').length, 1)
    t.match(stderr, /has no conversion in event-routing-backends: event_type "edx.bookmark.added"/)
    t.match(stderr, /names nobody who did it/)
    const both = await ralph(t, [...words, '--compat', 'ralph'], { input })
    t.not(both.code, 0)
    t.match(both.stderr, /cannot be used with/)
  }
)

t.test('ralph convert --compat ralph: the nine of Python Ralph, and no others', async (t) => {
  const input = linesOf([
    logged('edx.course.enrollment.activated', { course_id: course, user_id: 99 }),
    logged('edx.bookmark.added', { component_usage_id: key })
  ])
  const namespace = ['-u', 'ee241f8b-174f-5bdb-bae9-c09de5fe017f']
  const words = ['convert', '-f', 'edx', '-t', 'xapi', '-p', platformUrl, ...namespace, '--compat', 'ralph']
  const { stdout, stderr } = await ralph(t, words, { input })
  t.match(JSON.parse(stdout), { actor: { account: { name: '6' } }, verb: { display: undefined } })
  t.match(stderr, /has no conversion in Python Ralph: event_type "edx.bookmark.added"/)
  // Ids of Python Ralph 5.1 for these very bytes: it takes all of the line, its end included.
  const request =
    '{"event_source": "server", "event_type": "/a", "time": "2021-12-01T08:17:47", "context": {"user_id": 1, "path": "/a"}}'
  for (const [line, id] of [
    [`${request}\n`, 'ec24b0e9-3b57-57e9-9394-e8cd0743733b'],
    [`${request}\r\n`, 'b3377873-906d-5ea7-a26e-93f1b43eb70a'],
    [request, '49226da8-2277-5ff5-9ddd-4dff4baabce9'],
    [`${request} \n`, '2b62bb69-eaef-5cb0-a734-579c76d9a7ed']
  ] as const) {
    const one = await ralph(t, words, { input: line })
    t.match(JSON.parse(one.stdout), { id, timestamp: '2021-12-01T08:17:47' })
  }
})
