import { addressIn, blockIri, courseIri, inCourse, type Platform, pageOf, typeOfBlock } from './addresses.ts'
import { type Conversion, type Description, extended } from './define.ts'
import type { EdxEvent } from './event.ts'
import { numberOf, requireText, textOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

/** The numbers of the units that a learner left and came to, in a sequence. */
const movedIn =
  (from: string, to: string) =>
  (event: EdxEvent, platform: Platform): Description => ({
    id: blockIri(platform, requireText(event.payload, 'id')),
    extensions: extended({
      [extensions.startingPoint]: numberOf(event.payload, from),
      [extensions.endingPoint]: numberOf(event.payload, to),
      [extensions.totalItems]: numberOf(event.payload, 'tab_count')
    })
  })

const sequence = {
  sources: ['browser', 'server'],
  verb: 'navigated',
  object: 'lesson',
  what: 'the sequence'
} as const satisfies Partial<Conversion>

export const navigationConversions: readonly Conversion[] = [
  {
    events: ['page_close'],
    sources: ['browser'],
    verb: 'terminated',
    object: 'page',
    what: 'the page that was closed',
    seen: ['page_close'],
    withoutPayload: true,
    describe: (event) => ({ id: pageOf(event) })
  },
  {
    ...sequence,
    events: ['seq_goto', 'seq_next', 'seq_prev'],
    seen: ['seq_goto', 'seq_next', 'seq_prev'],
    context: 'numbers of the units left and reached',
    describe: movedIn('old', 'new')
  },
  {
    ...sequence,
    events: [
      'edx.ui.lms.sequence.next_selected',
      'edx.ui.lms.sequence.previous_selected',
      'edx.ui.lms.sequence.tab_selected'
    ],
    seen: [
      'edx.ui.lms.sequence.next_selected',
      'edx.ui.lms.sequence.previous_selected',
      'edx.ui.lms.sequence.tab_selected'
    ],
    context: 'numbers of the units left and (of a tab) chosen, how many there are',
    describe: movedIn('current_tab', 'target_tab')
  },
  {
    events: ['edx.ui.lms.outline.selected', 'edx.ui.lms.sequence.outline.selected'],
    seen: ['edx.ui.lms.outline.selected'],
    sources: ['browser', 'server'],
    verb: 'navigated',
    object: 'lesson',
    what: 'what was chosen in the outline',
    context: 'the page before',
    describe: ({ payload }, platform) => ({
      id: addressIn(platform, requireText(payload, 'target_url')),
      name: textOf(payload, 'target_name'),
      extensions: extended({
        [extensions.referrer]: textOf(payload, 'current_url')
      })
    })
  },
  {
    events: ['edx.ui.lms.link_clicked'],
    seen: ['edx.ui.lms.link_clicked'],
    sources: ['browser', 'server'],
    verb: 'navigated',
    object: 'link',
    what: 'the address of the link',
    context: 'the page before',
    describe: ({ payload }, platform) => ({
      id: addressIn(platform, requireText(payload, 'target_url')),
      extensions: extended({
        [extensions.referrer]: textOf(payload, 'current_url')
      })
    })
  },
  {
    events: ['edx.ui.lms.jump_nav.selected'],
    sources: ['browser', 'server'],
    verb: 'navigated',
    object: 'block',
    what: 'what was chosen in the breadcrumbs',
    context: 'where it was chosen',
    describe: ({ payload }, platform) => {
      // Some releases say the address, others the keys of sequence and unit: the unit is what is shown.
      const id = requireText(payload, 'id')
      const unit = /(?:^|\/)(block-v1:[^/]+)$/.exec(id)?.[1]
      return {
        id: unit === undefined ? addressIn(platform, id) : blockIri(platform, unit),
        type: unit === undefined ? 'lesson' : typeOfBlock(unit),
        name: textOf(payload, 'target_name'),
        extensions: extended({ [extensions.referrer]: textOf(payload, 'current_id') })
      }
    }
  },
  {
    events: ['edx.course.tool.accessed'],
    sources: ['browser', 'server'],
    verb: 'accessed',
    object: 'page',
    what: 'the tool, a page of the course',
    describe: (event, platform) => {
      const tool = requireText(event.payload, 'tool_name')
      return {
        id: inCourse(platform, event.courseId, tool.replace(/^edx\./, '')),
        name: tool
      }
    }
  },
  {
    events: ['edx.course.home.resume_course.clicked'],
    sources: ['browser'],
    verb: 'resumed',
    object: 'course',
    what: 'the course',
    context: 'where it goes on',
    describe: (event, platform) => ({
      id: courseIri(platform, requireText(event.context, 'course_id')),
      extensions: extended({
        [extensions.target]: textOf(event.payload, 'url')
      })
    })
  }
]
