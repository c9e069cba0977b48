import { isObject } from '../json.ts'
import { blockIri, inCourse, type Platform, typeOfBlock } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { listOf, numberOf, requireText, textOf } from './fields.ts'
import { activityTypes, extensions } from './vocabulary.ts'

const noteIri = (event: EdxEvent, platform: Platform, id: string): string =>
  inCourse(platform, event.courseId, `edxnotes/${id}`)

const noteOf = (event: EdxEvent, platform: Platform): Description => {
  const usageKey = textOf(event.payload, 'component_usage_id')
  return {
    id: noteIri(event, platform, requireText(event.payload, 'note_id')),
    result: resulting({ response: textOf(event.payload, 'note_text') }),
    parent:
      usageKey === undefined
        ? undefined
        : {
            id: blockIri(platform, usageKey),
            definition: { type: activityTypes[typeOfBlock(usageKey)].id }
          }
  }
}

const notesPage = (event: EdxEvent, platform: Platform): string => inCourse(platform, event.courseId, 'edxnotes')

const note = {
  sources: ['browser'],
  object: 'note',
  what: 'the note',
  result: 'response: its text',
  context: 'the component it stands at',
  describe: noteOf
} as const satisfies Partial<Conversion>

/** Of several notes that are shown at once the first one is named. */
const firstNote = (event: EdxEvent): string | undefined => {
  const [first] = listOf(event.payload, 'notes')
  return isObject(first) ? textOf({ value: first, at: '/event/notes/0' }, 'note_id') : undefined
}

export const studentNotesConversions: readonly Conversion[] = [
  { ...note, events: ['edx.course.student_notes.added'], verb: 'created' },
  { ...note, events: ['edx.course.student_notes.edited'], verb: 'edited' },
  { ...note, events: ['edx.course.student_notes.deleted'], verb: 'deleted' },
  {
    events: ['edx.course.student_notes.viewed'],
    sources: ['browser'],
    verb: 'viewed',
    object: 'note',
    what: 'the note, the first of several',
    context: 'how many were shown',
    describe: (event, platform) => {
      const id = firstNote(event)
      return {
        id: id === undefined ? notesPage(event, platform) : noteIri(event, platform, id),
        extensions: extended({
          [extensions.totalItems]: listOf(event.payload, 'notes').length
        })
      }
    }
  },
  {
    events: ['edx.course.student_notes.notes_page_viewed'],
    sources: ['browser'],
    verb: 'viewed',
    object: 'page',
    what: 'the page of notes',
    context: 'its view',
    describe: (event, platform) => ({
      id: notesPage(event, platform),
      extensions: extended({
        [extensions.type]: textOf(event.payload, 'view')
      })
    })
  },
  {
    events: ['edx.course.student_notes.searched'],
    sources: ['browser'],
    verb: 'searched',
    object: 'page',
    what: 'the page of notes',
    result: 'response: what was searched, how much was found',
    describe: (event, platform) => ({
      id: notesPage(event, platform),
      result: resulting({
        response: textOf(event.payload, 'search_string'),
        extensions: extended({
          [extensions.totalItems]: numberOf(event.payload, 'number_of_results')
        })
      })
    })
  },
  {
    events: ['edx.course.student_notes.used_unit_link'],
    sources: ['browser'],
    verb: 'navigated',
    object: 'block',
    what: 'the component that the note stands at',
    context: 'the view it was left from',
    describe: (event, platform) => {
      const usageKey = requireText(event.payload, 'component_usage_id')
      return {
        id: blockIri(platform, usageKey),
        type: typeOfBlock(usageKey),
        extensions: extended({
          [extensions.type]: textOf(event.payload, 'view')
        })
      }
    }
  }
]
