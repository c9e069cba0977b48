import type { Random } from '../../src/sample/random.ts'

/** What an event of each type holds in `event`, as the platform makes it. */
export type MakePayload = (random: Random, course: string) => unknown

const words = [
  'osmosis',
  'l’été',
  'vector',
  '日本語',
  'a < b',
  'tab\there',
  '"quoted"',
  'back\\slash',
  '😀 smile'
] as const

export const phrase = (random: Random): string =>
  Array.from({ length: 1 + random.below(5) }, () => random.pick(words)).join(' ')

/** A component of a course, in the form of the age of the course. */
export const usageKey = (random: Random, course: string, type: string): string => {
  if (course.startsWith('course-v1:')) return `block-v1:${course.slice(10)}+type@${type}+block@${random.hex(16)}`
  const [org, name] = course.split('/')
  return `i4x://${org}/${name}/${type}/${random.hex(16)}`
}

const time = (random: Random): number => random.between(0, 3600)

const video = (random: Random) => ({
  id: random.hex(16),
  code: random.chance(0.5) ? 'html5' : random.hex(6),
  ...(random.chance(0.5) ? { duration: 1 + random.below(3600) } : undefined)
})

const watched: MakePayload = (random) => ({ ...video(random), currentTime: time(random) })

const choice = (random: Random): unknown =>
  random.chance(0.5) ? `choice_${random.below(4)}` : [`choice_${random.below(2)}`, `choice_${2 + random.below(2)}`]

const answers = (random: Random, inputs: number): Record<string, unknown> => {
  const block = random.hex(16)
  return Object.fromEntries(Array.from({ length: inputs }, (_, index) => [`${block}_${index + 2}_1`, choice(random)]))
}

const checked: MakePayload = (random, course) => {
  const inputs = 1 + random.below(3)
  const grade = random.below(inputs + 1)
  const given = answers(random, inputs)
  return {
    answers: given,
    attempts: 1 + random.below(5),
    correct_map: Object.fromEntries(Object.keys(given).map((key) => [key, { correctness: 'correct', msg: '' }])),
    grade,
    max_grade: inputs,
    problem_id: usageKey(random, course, 'problem'),
    state: { done: true, seed: 1, student_answers: given, input_state: {} },
    submission: {},
    success: grade === inputs ? 'correct' : 'incorrect'
  }
}

const form: MakePayload = (random, course) => {
  const old = !course.startsWith('course-v1:')
  const [org, name] = course.split('/')
  const block = old ? `i4x-${org}-${name}-problem-${random.hex(16)}` : random.hex(16)
  return `input_${block}_2_1=choice_${random.below(4)}&input_${block}_3_1%5B%5D=${encodeURIComponent(phrase(random))}`
}

const problem: MakePayload = (random, course) => ({ problem_id: usageKey(random, course, 'problem') })
const refused: MakePayload = (random, course) => ({
  problem_id: usageKey(random, course, 'problem'),
  failure: random.pick(['closed', 'unreset', 'done']),
  answers: answers(random, 2),
  state: {}
})
const moved: MakePayload = (random, course) => ({
  id: usageKey(random, course, 'sequential'),
  old: 1 + random.below(9),
  new: 1 + random.below(9)
})
const tab: MakePayload = (random, course) => ({
  id: usageKey(random, course, 'sequential'),
  current_tab: 1 + random.below(9),
  target_tab: 1 + random.below(9),
  tab_count: 9,
  widget_placement: 'top'
})
const link: MakePayload = (random, course) => ({
  current_url: `https://lms.example.org/courses/${course}/courseware`,
  target_url: random.pick([`/courses/${course}/info`, 'https://example.org/a b?q=[1]', '#main', 'javascript:void(0)']),
  target_name: phrase(random)
})
const enrollment: MakePayload = (random, course) => ({ course_id: course, mode: 'audit', user_id: random.below(999) })
const bookmark: MakePayload = (random, course) => ({
  bookmark_id: `jane,${course}`,
  component_type: 'vertical',
  component_usage_id: usageKey(random, course, random.pick(['vertical', 'video', 'problem', 'unheard_of'])),
  course_id: course
})
const certificate: MakePayload = (random, course) => ({
  certificate_id: random.uuid(),
  certificate_url: `https://lms.example.org/certificates/${random.hex(16)}`,
  course_id: course,
  enrollment_mode: 'verified',
  user_id: random.below(999),
  social_network: 'LinkedIn',
  source_url: 'https://example.org/'
})
const post: MakePayload = (random) => ({
  id: random.hex(12),
  title: phrase(random),
  body: phrase(random),
  thread_type: 'question',
  discussion: { id: random.hex(12) },
  response: { id: random.hex(12) },
  vote_value: 'up',
  undo_vote: random.chance(0.5),
  user_forums_roles: ['Student'],
  url: 'https://lms.example.org/x'
})
const graded: MakePayload = (random, course) => ({
  user_id: random.below(999),
  instructor_id: String(random.below(99)),
  course_id: course,
  problem_id: usageKey(random, course, 'problem'),
  block_id: usageKey(random, course, 'sequential'),
  weighted_earned: random.below(5),
  weighted_possible: 4,
  new_weighted_earned: random.below(4),
  new_weighted_possible: 4,
  weighted_graded_earned: random.below(4),
  weighted_graded_possible: 4,
  percent_grade: random.fraction(),
  letter_grade: random.pick(['', 'Pass', 'A']),
  course_name: phrase(random),
  completion: random.pick([0, 0.5, 1])
})
const assessment: MakePayload = (random, course) => ({
  feedback: phrase(random),
  parts: [
    { option: 'Good', criterion: { name: 'Ideas', points_possible: 5 }, feedback: '' },
    { option: { name: 'Good', points: 3 }, criterion: { name: 'Content', points_possible: 3 } }
  ].slice(random.below(2)),
  rubric: { content_hash: random.hex(20) },
  scored_at: '2021-12-01T08:17:47+00:00',
  scorer_id: random.hex(16),
  score_type: 'PE',
  submission_uuid: random.uuid(),
  submission_returned_uuid: random.chance(0.5) ? null : random.uuid(),
  item_id: random.chance(0.5) ? undefined : usageKey(random, course, 'openassessment'),
  answer: { parts: [{ text: phrase(random) }, { text: phrase(random) }] },
  attempt_number: 1,
  saved_response: random.chance(0.5) ? { text: phrase(random) } : JSON.stringify({ parts: [{ text: phrase(random) }] }),
  options_selected: { Ideas: 'Good', Content: 'Poor' },
  feedback_text: phrase(random),
  options: []
})
const note: MakePayload = (random, course) => ({
  component_usage_id: usageKey(random, course, 'html'),
  highlighted_content: phrase(random),
  note_id: random.hex(10),
  note_text: random.chance(0.2) ? '' : phrase(random),
  tags: [],
  truncated: [],
  notes: Array.from({ length: random.below(3) }, () => ({ note_id: random.hex(10) })),
  view: 'Recent Activity',
  number_of_results: random.below(9),
  search_string: phrase(random)
})
const team: MakePayload = (random) => ({
  team_id: `team-${random.hex(4)}`,
  field: 'name',
  new: phrase(random),
  old: '',
  truncated: [],
  user_id: String(random.below(999)),
  add_method: 'joined_from_team_view',
  remove_method: 'self_removal',
  page_name: 'single-team',
  topic_id: 'null',
  number_of_results: 0,
  search_text: phrase(random)
})
const textbook: MakePayload = (random) => ({
  type: 'gotopage',
  name: 'textbook.pdf.page.loaded',
  chapter: `/asset-v1:edX+DemoX+2021+type@asset+block/${random.hex(4)} chapter.pdf`,
  chapter_title: phrase(random),
  thumbnail_title: 'Page 3',
  page: random.below(99),
  old: random.below(99),
  new: random.below(99),
  amount: random.pick<number | string>([0.5, '1.25', 'page-fit']),
  direction: 'up',
  caseSensitive: false,
  highlightAll: false,
  query: phrase(random),
  status: ''
})

const exam: MakePayload = (random, course) => ({
  exam_id: random.below(99),
  exam_content_id: usageKey(random, course, 'sequential'),
  exam_name: phrase(random),
  exam_default_time_limit_mins: 60,
  attempt_id: random.below(999),
  attempt_user_id: random.below(999),
  attempt_code: random.uuid().toUpperCase(),
  attempt_status: 'started',
  attempt_started_at: '2021-12-01T08:17:47+00:00',
  attempt_completed_at: null,
  attempt_event_elapsed_time_secs: random.pick([0, 12.3456, 1368.7657, 1e-9]),
  allowance_key: 'additional_time_granted',
  allowance_value: '30',
  allowance_user_id: random.below(999),
  review_status: 'Suspicious'
})
const bumper: MakePayload = (random, course) => ({
  host_component_id: random.chance(0.5) ? random.hex(16) : usageKey(random, course, 'video'),
  bumper_id: `https://media.example.org/${random.hex(4)}.mp4`,
  code: 'html5',
  currentTime: time(random),
  duration: 20
})
const ofTeam: MakePayload = (random, course) => ({
  problem: random.chance(0.5) ? random.hex(16) : usageKey(random, course, 'problem'),
  course,
  student: 'ada',
  instructor: 'grace',
  user: 'ada',
  event_name: 'beta-tester',
  event: 'add',
  report_type: 'grade_csv',
  report_url: `/reports/${random.hex(4)}.csv`
})
const found: MakePayload = (random) => ({
  search_term: phrase(random),
  results_count: random.below(99),
  page_number: 0,
  user_id: random.below(99),
  setting: 'language',
  new: 'fr',
  category: 'courseware_index',
  indexed_count: 109
})
const experiment: MakePayload = (random, course) => ({
  partition_id: random.below(9),
  partition_name: phrase(random),
  group_id: random.below(9),
  group_name: phrase(random),
  ...(random.chance(0.5)
    ? { 'child-id': usageKey(random, course, 'vertical') }
    : { child_id: usageKey(random, course, 'vertical') })
})

/** By what the event types of a family begin with, the longest first. */
const byPrefix: readonly (readonly [string, MakePayload])[] = [
  ['page_close', () => '{}'],
  ['edx.special_exam', exam],
  ['edx.video.bumper', bumper],
  ...['list-', 'dump-', 'rescore-', 'reset-', 'delete-', 'psychometrics-', 'get-', 'add-', 'remove-'].map(
    (prefix) => [prefix, ofTeam] as const
  ),
  ['edx.instructor', ofTeam],
  ['edx.course_discovery', found],
  ['edx.course.index', found],
  ['edx.user.settings', found],
  ['xmodule.partitions', experiment],
  ['xblock.split_test', experiment],
  ['edx.problem.completed', graded],
  [
    'edx.ui.lms.jump_nav',
    (random, course) => ({
      target_name: phrase(random),
      id: random.chance(0.5)
        ? `/course/${course}/${random.hex(4)}`
        : `${usageKey(random, course, 'sequential')}/${usageKey(random, course, 'vertical')}`,
      current_id: course,
      widget_placement: 'breadcrumb'
    })
  ],
  ['seq_', moved],
  ['edx.ui.lms.sequence.outline', link],
  ['edx.ui.lms.sequence', tab],
  ['edx.ui.lms', link],
  ['edx.course.tool.accessed', () => ({ tool_name: 'edx.bookmarks' })],
  ['edx.course.home', (random, course) => ({ event_type: 'resume', url: usageKey(random, course, 'vertical') })],
  ['edx.course.enrollment', enrollment],
  [
    'speed_change_video',
    (random) => ({ ...video(random), current_time: time(random), old_speed: '1.0', new_speed: '1.50' })
  ],
  [
    'seek_video',
    (random) => ({ ...video(random), old_time: time(random), new_time: time(random), type: 'onSlideSeek' })
  ],
  ['edx.video.position', (random) => ({ ...video(random), old_time: time(random), new_time: 0, type: 'skip' })],
  ['edx.video', watched],
  ['load_video', video],
  ['video_', (random) => ({ ...video(random), language: 'fr' })],
  ['show_transcript', (random) => ({ ...video(random), current_time: time(random) })],
  ['hide_transcript', (random) => ({ ...video(random), current_time: time(random) })],
  ['play_video', watched],
  ['pause_video', watched],
  ['stop_video', watched],
  ['complete_video', watched],
  ['problem_check_fail', refused],
  ['problem_rescore_fail', refused],
  [
    'problem_rescore',
    (random, course) => ({
      ...(checked(random, course) as object),
      new_score: 1,
      new_total: 2,
      orig_score: 0,
      orig_total: 2
    })
  ],
  ['reset_problem_fail', refused],
  ['save_problem_fail', refused],
  ['reset_problem', problem],
  ['save_problem_success', checked],
  ['showanswer', problem],
  [
    'edx.problem.hint',
    (random, course) => ({
      module_id: usageKey(random, course, 'problem'),
      hint_index: random.below(3),
      hint_len: 3,
      hint_text: phrase(random),
      correctness: random.chance(0.5),
      student_answer: [phrase(random)],
      hints: [{ text: 'x' }]
    })
  ],
  ['edx.grades', graded],
  ['edx.course.grade', graded],
  ['edx.completion', graded],
  ['edx.done', (random) => ({ done: random.chance(0.5) })],
  ['edx.bookmark.listed', (_, course) => ({ bookmarks_count: 3, course_id: course, list_type: 'per_course' })],
  ['edx.bookmark', bookmark],
  ['edx.certificate', certificate],
  ['edx.forum.searched', (random) => ({ query: phrase(random), total_results: random.below(99), page: 1 })],
  ['edx.forum', post],
  ['xblock.poll', (random) => ({ url_name: random.hex(16), choice: 'R' })],
  ['xblock.survey', (random) => ({ url_name: random.hex(16), choices: { enjoy: 'Y', learn: phrase(random) } })],
  [
    'edx.drag_and_drop_v2',
    (random) => ({
      content: phrase(random),
      manually: true,
      item_id: random.below(5),
      location_id: random.pick([0, null, 3]),
      location: 'Top zone',
      is_correct: random.chance(0.5)
    })
  ],
  ['xblock.drag-and-drop-v2', () => ({})],
  [
    'openassessment.upload_file',
    (random) => ({ fileName: `${phrase(random)}.png`, fileSize: 7, fileType: 'image/png' })
  ],
  ['openassessment', assessment],
  ['ubc.peer_instruction', (random) => ({ answer: random.below(4), rationale: phrase(random), truncated: false })],
  ['edx.course.student_notes', note],
  ['edx.team', team],
  ['edx.cohort', (random) => ({ cohort_id: random.below(9), cohort_name: phrase(random), user_id: random.below(99) })],
  ['book', textbook],
  ['textbook', textbook],
  [
    'edx.librarycontentblock',
    (random, course) => {
      const component = () => ({ usage_key: usageKey(random, course, 'problem'), descendants: [] })
      return {
        location: usageKey(random, course, 'library_content'),
        max_count: 2,
        previous_count: 1,
        result: [component()],
        added: [component(), component()],
        removed: [component()],
        reason: 'overlimit'
      }
    }
  ]
]

/** Of the browser, some types hold something else. */
const ofBrowser: { readonly [type: string]: MakePayload } = {
  problem_check: form,
  problem_graded: (random, course) => [form(random, course), '<div>graded</div>'],
  problem_reset: (random, course) => ({ answers: form(random, course) }),
  problem_save: form,
  problem_show: (random, course) => ({ problem: usageKey(random, course, 'problem') })
}

export const payloadOf = (source: string, type: string): MakePayload => {
  if (source === 'browser' && type in ofBrowser) return ofBrowser[type] ?? (() => ({}))
  if (type === 'problem_check') return checked
  const found = byPrefix.find(([prefix]) => type.startsWith(prefix))
  if (found === undefined) throw new Error(`no payload for ${type}`)
  return found[1]
}
