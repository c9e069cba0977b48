import type { EdxEvent } from './event.ts'
import { type EventPart, requireText, textOf, wrongField } from './fields.ts'
import { asIri } from './iri.ts'
import type { ActivityTypeName } from './vocabulary.ts'

/** Where events were recorded: the Open edX platform whose pages and blocks become Activities. */
export interface Platform {
  /** As it was given: the home page of every account. */
  readonly homePage: string
  /** Without slashes at its end. */
  readonly url: string
}

/** No regular expression: a long row of slashes would take it long. */
const withoutSlashes = (text: string): string => {
  let [start, end] = [0, text.length]
  while (text[start] === '/') start += 1
  while (end > start && text[end - 1] === '/') end -= 1
  return text.slice(start, end)
}

const hasScheme = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s]/

/** An address in an event, completed where it is relative to the platform. */
export const addressIn = (platform: Platform, address: string): string =>
  asIri(hasScheme.test(address) ? address : `${platform.url}${address.startsWith('/') ? '' : '/'}${address}`)

/** The page that a browser was on. */
export const pageOf = (event: EdxEvent): string => {
  const page = requireText(event.whole, 'page')
  if (!hasScheme.test(page)) throw wrongField('/page', 'an absolute URL')
  return asIri(page)
}

/** The home page of a course, as it is known since the first conversions. */
export const courseIri = (platform: Platform, courseId: string): string =>
  asIri(`${platform.url}/courses/${withoutSlashes(courseId)}/info`)

/** A page below a course. */
export const inCourse = (platform: Platform, courseId: string, path: string): string =>
  asIri(courseId === '' ? `${platform.url}/${path}` : `${platform.url}/courses/${withoutSlashes(courseId)}/${path}`)

/** The course that an event names in its payload, or else was recorded in. */
export const courseIdOf = (event: EdxEvent): string => textOf(event.payload, 'course_id') ?? event.courseId

/** A component of a course by its usage key, of either form: `block-v1:…` and `i4x://…`. */
export const blockIri = (platform: Platform, usageKey: string): string => asIri(`${platform.url}/xblock/${usageKey}`)

/** Prefixes of the keys of courses since 2015, and of their components. */
const keyPrefixes: readonly (readonly [course: string, block: string])[] = [
  ['course-v1:', 'block-v1:'],
  ['ccx-v1:', 'ccx-block-v1:'],
  ['library-v1:', 'lib-block-v1:']
]

const isKey = /^(?:i4x:\/\/|(?:ccx-|lib-)?block-v1:|lb:)/

/**
 * What the courseware calls a component of a course, which browsers name by the end of it, or before 2015 by the whole
 * with dashes. Undefined: the course is not known, and the end is not enough.
 */
export const keyOfBlock = (courseId: string, type: string, block: string): string | undefined => {
  if (isKey.test(block)) return block
  for (const [prefix, blockPrefix] of keyPrefixes) {
    if (courseId.startsWith(prefix)) return `${blockPrefix}${courseId.slice(prefix.length)}+type@${type}+block@${block}`
  }
  // Before 2015: org/course/run.
  const [org, course] = courseId.split('/')
  if (!org || !course) return undefined
  const start = `i4x-${org}-${course}-${type}-`
  return `i4x://${org}/${course}/${type}/${block.startsWith(start) ? block.slice(start.length) : block}`
}

/** The component that the server says an event was about. */
export const moduleKeyOf = (event: EdxEvent): string | undefined => {
  const { module } = event.context.value
  if (typeof module !== 'object' || module === null || Array.isArray(module)) return undefined
  return textOf(moduleOf(event), 'usage_key')
}

const moduleOf = ({ context }: EdxEvent): EventPart => {
  const { module } = context.value
  return typeof module === 'object' && module !== null && !Array.isArray(module)
    ? { value: module as EventPart['value'], at: '/context/module' }
    : { value: {}, at: '/context/module' }
}

/** What a learner sees as its name. */
export const moduleNameOf = (event: EdxEvent): string | undefined => textOf(moduleOf(event), 'display_name')

const typesOfBlocks: { readonly [type: string]: ActivityTypeName } = {
  chapter: 'module',
  course: 'course',
  discussion: 'discussion',
  'drag-and-drop-v2': 'interaction',
  html: 'resource',
  library_content: 'collection',
  openassessment: 'assessment',
  poll: 'survey',
  problem: 'question',
  sequential: 'lesson',
  survey: 'survey',
  vertical: 'resource',
  video: 'video'
}

/** The kind of Activity that a component is, by its usage key. */
export const typeOfBlock = (usageKey: string): ActivityTypeName => {
  const type = /\+type@([^+]+)\+block@/.exec(usageKey)?.[1] ?? /^i4x:\/\/[^/]+\/[^/]+\/([^/]+)\//.exec(usageKey)?.[1]
  return (type !== undefined && Object.hasOwn(typesOfBlocks, type) ? typesOfBlocks[type] : undefined) ?? 'resource'
}
