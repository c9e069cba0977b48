import t from 'tap'
import { createEdxToXapi } from '../../src/edx/convert/index.ts'
import type { Statement } from '../../src/xapi/statement.ts'

const platformUrl = 'https://lms.example.org/'
const namespace = 'ee241f8b-174f-5bdb-bae9-c09de5fe017f'
const convertLine = createEdxToXapi({ platformUrl, namespace })
const convertAsRalph = createEdxToXapi({ platformUrl, namespace, shape: 'ralph' })

const convert = (event: object, by = convertLine): Statement => {
  const text = JSON.stringify(event)
  const result = by(text, Buffer.from(`${text}\n`))
  if ('statement' in result) return result.statement
  throw new Error('reason' in result ? result.reason : result.unknown)
}

const course = 'course-v1:edX+DemoX+2021'
const block = (type: string): string => `block-v1:edX+DemoX+2021+type@${type}+block@0123456789abcdef0123456789abcdef`
const iri = (type: string): string => `https://lms.example.org/xblock/${block(type)}`

const event = (source: string, type: string, payload: unknown, more: object = {}): object => ({
  event_source: source,
  event_type: type,
  event: payload,
  time: '2021-12-01T08:17:47.5+00:00',
  session: source === 'browser' ? 'ffffffffffffffffffffffffffffffff' : undefined,
  page: source === 'browser' ? 'https://lms.example.org/courses/x/' : null,
  agent: 'Mozilla/5.0',
  context: { course_id: course, user_id: 12, path: '/event' },
  ...more
})

const actor = { objectType: 'Agent', account: { homePage: 'https://lms.example.org/', name: '12' } }
const page = 'http://activitystrea.ms/schema/1.0/page'
const profile = { type: 'http://adlnet.gov/expapi/activities/profile' }
const video = {
  id: 'https://lms.example.org/xblock/block-v1:course-v1:edX+DemoX+2021-course-v1:+type@video+block@abc',
  definition: { type: 'https://w3id.org/xapi/video/activity-type/video', name: { 'en-US': 'abc' } }
}
const inCourse = {
  grouping: [
    {
      id: `https://lms.example.org/courses/${course}/info`,
      definition: { type: 'http://adlnet.gov/expapi/activities/course' }
    }
  ]
}
const inVideo = { category: [{ id: 'https://w3id.org/xapi/video', definition: profile }] }
const of = (name: string): string => `https://w3id.org/xapi/video/extensions/${name}`
const session = { [of('session-id')]: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }

t.test('with --compat ralph the nine conversions of Python Ralph give what it gives', async (t) => {
  for (const [given, expected] of [
    [
      event('server', '/a', '{}', { context: { path: '/a', user_id: null } }),
      {
        actor: { objectType: 'Agent', account: { homePage: platformUrl, name: 'anonymous' } },
        verb: { id: 'http://id.tincanapi.com/verb/viewed' },
        object: { id: 'https://lms.example.org/a', definition: { type: page } }
      }
    ],
    [
      event('browser', 'page_close', '{}'),
      {
        actor,
        verb: { id: 'http://adlnet.gov/expapi/verbs/terminated' },
        object: { id: 'https://lms.example.org/courses/x/', definition: { type: page } }
      }
    ],
    ...(
      [
        ['activated', 'http://adlnet.gov/expapi/verbs/registered'],
        ['deactivated', 'http://id.tincanapi.com/verb/unregistered']
      ] as const
    ).map(([name, verb]) => [
      event('server', `edx.course.enrollment.${name}`, { course_id: `/${course}/`, mode: 'audit' }),
      {
        actor,
        verb: { id: verb },
        object: {
          id: `https://lms.example.org/courses/${course}/info`,
          definition: { type: 'http://adlnet.gov/expapi/activities/course' }
        },
        context: { contextActivities: { category: [{ id: 'https://w3id.org/xapi/lms', definition: profile }] } }
      }
    ]),
    ...(
      [
        [
          'load_video',
          {},
          'http://adlnet.gov/expapi/verbs/initialized',
          undefined,
          { [of('length')]: 0, [of('user-agent')]: 'Mozilla/5.0' }
        ],
        ['play_video', { currentTime: 1.5 }, 'https://w3id.org/xapi/video/verbs/played', { [of('time')]: 1.5 }, {}],
        [
          'pause_video',
          { currentTime: '12' },
          'https://w3id.org/xapi/video/verbs/paused',
          { [of('time')]: 12 },
          { [of('length')]: 0 }
        ],
        [
          'stop_video',
          { currentTime: 0 },
          'http://adlnet.gov/expapi/verbs/terminated',
          { [of('time')]: 0, [of('progress')]: 0 },
          { [of('length')]: 0 }
        ],
        [
          'seek_video',
          { old_time: 3, new_time: 100 },
          'https://w3id.org/xapi/video/verbs/seeked',
          { [of('time-from')]: 3, [of('time-to')]: 100 },
          {}
        ]
      ] as const
    ).map(([type, payload, verb, result, context]) => [
      event('browser', type, { id: 'abc', code: 'html5', ...payload }),
      {
        actor,
        verb: { id: verb },
        object: video,
        ...(result && { result: { extensions: result } }),
        context: { contextActivities: inVideo, extensions: { ...session, ...context } }
      }
    ])
  ] as const) {
    const { id, ...statement } = convert(given as object, convertAsRalph)
    t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    t.strictSame(statement, { ...(expected as object), timestamp: '2021-12-01T08:17:47.500000Z', version: '1.0.0' })
  }
})

t.test('what real browsers send converts too: `event` as JSON text, no session, no time yet', async (t) => {
  const payload = { id: 'abc', code: 'html5', currentTime: 1.5 }
  const { id, ...asObject } = convert(event('browser', 'play_video', payload))
  const { id: other, ...asText } = convert(event('browser', 'play_video', JSON.stringify(payload)))
  t.strictSame(asText, asObject)
  t.not(other, id)
  for (const none of ['', null, undefined]) {
    const { context } = convert(event('browser', 'play_video', payload, { session: none }))
    t.strictSame(context, { contextActivities: inCourse }, 'without a session it does not claim the video profile')
    t.equal(convert(event('browser', 'play_video', { ...payload, currentTime: none })).result, undefined)
  }
  t.match(convert(event('mobile', 'play_video', JSON.stringify(payload), { session: '' })), {
    object: { id: `https://lms.example.org/xblock/block-v1:edX+DemoX+2021+type@video+block@abc` }
  })
})

t.test('a problem that was checked has score, success, response and attempt', async (t) => {
  const statement = convert(
    event(
      'server',
      'problem_check',
      {
        problem_id: block('problem'),
        grade: 1,
        max_grade: 2,
        attempts: 3,
        success: 'incorrect',
        answers: { x_2_1: 'choice_1', x_3_1: ['choice_0', 'choice_2'], x_4_1: '' }
      },
      { context: { course_id: course, user_id: 12, module: { display_name: 'Quiz', usage_key: block('problem') } } }
    )
  )
  t.strictSame(statement.verb, { id: 'http://adlnet.gov/expapi/verbs/answered', display: { 'en-US': 'answered' } })
  t.strictSame(statement.object, {
    id: iri('problem'),
    definition: { type: 'http://adlnet.gov/expapi/activities/question', name: { 'en-US': 'Quiz' } }
  })
  t.strictSame(statement.result, {
    score: { scaled: 0.5, raw: 1, min: 0, max: 2 },
    success: false,
    response: 'choice_1[,]["choice_0","choice_2"][,]',
    extensions: { 'http://id.tincanapi.com/extension/attempt-id': 3 }
  })
  t.strictSame(statement.context, {
    contextActivities: {
      grouping: [
        {
          id: `https://lms.example.org/courses/${course}/info`,
          definition: { type: 'http://adlnet.gov/expapi/activities/course' }
        }
      ]
    }
  })
})

t.test('the form that a browser sends of a problem names it, in courses of either age', async (t) => {
  const name = 'input_0123456789abcdef0123456789abcdef_2_1'
  const form = `${name}=choice_0`
  t.match(convert(event('browser', 'problem_check', form)), {
    object: { id: iri('problem') },
    result: { response: 'choice_0' }
  })
  for (const graded of [[form, '<div/>'], JSON.stringify([form, '<div/>']), JSON.stringify(form)]) {
    t.match(convert(event('browser', 'problem_graded', graded)), {
      object: { id: iri('problem') },
      result: { response: 'choice_0' }
    })
  }
  for (const [answers, response] of [
    [`${name}%5B%5D=choice_0&${name}%5B%5D=choice_2`, '["choice_0","choice_2"]'],
    [`${name}=H2SO4+-%3E+H%5E%2B&input_0123456789abcdef0123456789abcdef_3_1=5`, 'H2SO4 -> H^+[,]5'],
    [`${name}=`, undefined],
    ['<h2 class="problem-header">Quiz</h2>', undefined],
    ['', undefined]
  ] as const) {
    t.equal(convert(event('browser', 'problem_check', answers)).result?.response, response, answers)
    t.equal(convert(event('browser', 'problem_graded', JSON.stringify([answers, null]))).result?.response, response)
  }
  t.match(convert(event('browser', 'problem_check', 'input_f6aaf7381cd6e8e80804_2_1=1')), {
    object: { id: 'https://lms.example.org/xblock/block-v1:edX+DemoX+2021+type@problem+block@f6aaf7381cd6e8e80804' }
  })
  t.match(convert(event('browser', 'problem_reset', JSON.stringify({ answers: form }))), {
    object: { id: iri('problem') }
  })
  t.match(
    convert(
      event('browser', 'problem_save', 'input_i4x-MITx-6_00x-problem-Quiz_1_2_1=x', {
        context: { course_id: 'MITx/6_00x/2012', user_id: 1 }
      })
    ),
    { object: { id: 'https://lms.example.org/xblock/i4x://MITx/6_00x/problem/Quiz_1' } }
  )
  t.match(convert(event('browser', 'problem_check', 'nothing=1')), {
    object: { id: 'https://lms.example.org/courses/x/' }
  })
})

t.test('a vote that is taken back, and what is not done any more, have verbs of their own', async (t) => {
  const voted = (undo: boolean) =>
    convert(event('server', 'edx.forum.thread.voted', { id: '5', undo_vote: undo })).verb.id
  t.equal(voted(false), 'http://id.tincanapi.com/verb/voted-up')
  t.equal(voted(true), 'http://activitystrea.ms/schema/1.0/unlike')
  const done = (is: boolean) => convert(event('browser', 'edx.done.toggled', JSON.stringify({ done: is })))
  t.match(done(true), { verb: { id: /completed$/ }, result: { completion: true } })
  t.match(done(false), { verb: { id: /progressed$/ }, result: { completion: false } })
})

t.test('a comment stands in the response that it is about, and a response in its thread', async (t) => {
  const at = (path: string) => `https://lms.example.org/courses/${course}/discussion/${path}`
  t.match(
    convert(
      event('server', 'edx.forum.comment.created', {
        id: 'c',
        body: 'Yes',
        response: { id: 'r' },
        discussion: { id: 't' }
      })
    ),
    {
      object: { id: at('comment/c') },
      result: { response: 'Yes' },
      context: { contextActivities: { parent: [{ id: at('response/r') }] } }
    }
  )
  t.match(convert(event('server', 'edx.forum.response.created', { id: 'r', discussion: { id: 't' } })), {
    object: { id: at('response/r') },
    context: { contextActivities: { parent: [{ id: at('thread/t') }] } }
  })
})

t.test(
  'who earns a certificate, gets a grade or joins is the learner of the event, not who was signed in',
  async (t) => {
    for (const [type, payload] of [
      ['edx.certificate.created', { certificate_url: '/certificates/5' }],
      ['edx.grades.course.grade_calculated', { percent_grade: 0.85 }],
      ['edx.team.learner_added', { team_id: 't' }],
      ['edx.cohort.user_added', { cohort_id: 1, cohort_name: 'A' }]
    ] as const) {
      const statement = convert(event('server', type, { course_id: course, user_id: 99, ...payload }))
      t.match(statement.actor, { account: { name: '99' } }, type)
    }
  }
)

t.test('ids of users that a double cannot hold stay as they are', async (t) => {
  const text = JSON.stringify(event('browser', 'page_close', '{}')).replace(
    '"user_id":12',
    '"user_id":12345678901234567890'
  )
  const result = convertLine(text, Buffer.from(text))
  t.match(result, { statement: { actor: { account: { name: '12345678901234567890' } } } })
})

t.test('a platform of any spelling gives the same addresses, and is the home page as it was given', async (t) => {
  for (const url of ['https://lms.example.org', 'https://lms.example.org/', 'https://lms.example.org//']) {
    const line = JSON.stringify(event('server', '/a', '{}', { context: { path: '/a' } }))
    t.match(
      createEdxToXapi({ platformUrl: url, namespace: 'ee241f8b-174f-5bdb-bae9-c09de5fe017f' })(line, Buffer.from(line)),
      { statement: { actor: { account: { homePage: url } }, object: { id: 'https://lms.example.org/a' } } }
    )
  }
  t.throws(() => createEdxToXapi({ platformUrl, namespace: 'none' }), { code: 'USAGE' })
})
