import { addressIn, blockIri, courseIdOf, courseIri, inCourse, keyOfBlock, type Platform } from './addresses.ts'
import { type Conversion, type Description, extended } from './define.ts'
import type { EdxEvent } from './event.ts'
import { requireText, textOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

/** Old events name the course by `course`, and the problem by the end of its key. */
const courseOf = (event: EdxEvent): string => {
  const course = courseIdOf(event)
  return course === '' ? (textOf(event.payload, 'course') ?? '') : course
}

const inDashboard = (event: EdxEvent, platform: Platform): Description => ({
  id: inCourse(platform, courseOf(event), `instructor/${event.type}`)
})

const problemOf = (event: EdxEvent, platform: Platform): Description => {
  const problem = requireText(event.payload, 'problem')
  return {
    id: blockIri(platform, keyOfBlock(courseOf(event), 'problem', problem) ?? problem),
    extensions: extended({ [extensions.target]: textOf(event.payload, 'student') })
  }
}

const roleOf = ({ type }: EdxEvent): string => type.replace(/^(?:add|remove)-/, '')

const team = (event: EdxEvent, platform: Platform): Description => ({
  id: courseIri(platform, courseOf(event) || requireText(event.payload, 'course')),
  extensions: extended({
    [extensions.target]:
      textOf(event.payload, 'user') ?? textOf(event.payload, 'username') ?? textOf(event.payload, 'instructor'),
    [extensions.type]: roleOf(event)
  })
})

const listed = ['students', 'staff', 'instructors', 'beta-testers', 'forum-admins', 'forum-mods', 'forum-community-TAs']
const dumped = [
  'dump-grades',
  'dump-grades-raw',
  'dump-grades-csv',
  'dump-grades-csv-raw',
  'dump-answer-dist-csv',
  'dump-graded-assignments-config'
]
const roles = ['instructor', 'forum-admin', 'forum-mod', 'forum-community-TA'] as const

const dashboard = {
  sources: ['server'],
  object: 'resource',
  what: 'what was asked for, on the dashboard of instructors',
  describe: inDashboard
} as const satisfies Partial<Conversion>
const problem = {
  sources: ['server'],
  object: 'question',
  what: 'the problem',
  context: 'the learner, if it was of one',
  describe: problemOf
} as const satisfies Partial<Conversion>
const staff = {
  sources: ['server'],
  object: 'course',
  what: 'the course',
  context: 'who was meant, the role',
  describe: team
} as const satisfies Partial<Conversion>

/** What course teams do on the dashboard of instructors. */
export const instructorConversions: readonly Conversion[] = [
  { ...dashboard, events: listed.map((what) => `list-${what}`), verb: 'viewed' },
  { ...dashboard, events: dumped, verb: 'downloaded' },
  { ...problem, events: ['rescore-all-submissions', 'rescore-student-submission'], verb: 'evaluated' },
  { ...problem, events: ['reset-all-attempts', 'reset-student-attempts'], verb: 'discarded' },
  { ...problem, events: ['delete-student-module-state'], verb: 'deleted' },
  { ...problem, events: ['psychometrics-histogram-generation'], verb: 'viewed' },
  {
    ...dashboard,
    events: ['get-student-progress-page'],
    verb: 'viewed',
    what: "the page of a learner's progress",
    context: 'the learner',
    describe: (event, platform) => ({
      id: inCourse(platform, courseOf(event), 'progress'),
      extensions: extended({ [extensions.target]: textOf(event.payload, 'student') })
    })
  },
  { ...staff, events: roles.map((role) => `add-${role}`), verb: 'assigned' },
  { ...staff, events: roles.map((role) => `remove-${role}`), verb: 'removed' },
  {
    ...staff,
    events: ['add-or-remove-user-group'],
    verb: 'updated',
    context: 'who was meant, the group',
    describe: (event, platform) => ({
      ...team(event, platform),
      extensions: extended({
        [extensions.target]: textOf(event.payload, 'user'),
        [extensions.type]: textOf(event.payload, 'event_name')
      })
    })
  },
  {
    events: ['edx.instructor.report.requested'],
    sources: ['server'],
    verb: 'requested',
    object: 'resource',
    what: 'the report',
    describe: (event, platform) => ({
      id: inCourse(platform, courseOf(event), `instructor/reports/${requireText(event.payload, 'report_type')}`)
    })
  },
  {
    events: ['edx.instructor.report.downloaded'],
    sources: ['browser', 'server'],
    verb: 'downloaded',
    object: 'file',
    what: 'the report',
    describe: ({ payload }, platform) => ({ id: addressIn(platform, requireText(payload, 'report_url')) })
  }
]
