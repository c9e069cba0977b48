import type { Json } from '../../xapi/statement.ts'
import { isObject } from '../json.ts'
import { type EventPart, partOf, textOf, wrongField } from './fields.ts'

/** An event of a tracking log, as far as all of them are alike. What a conversion does not ask for is not read. */
export interface EdxEvent {
  /** The whole of it. */
  readonly whole: EventPart
  readonly source: string
  readonly type: string
  readonly context: EventPart
  /** What `event` holds, also where it came as JSON text; no fields where it is neither. */
  readonly payload: EventPart
  /** What `event` holds where it is no object: a list, or text such as the form of a problem. */
  readonly content: Json | undefined
  /** Of `context`, '' when there is none. */
  readonly courseId: string
}

const noFields: EventPart = Object.freeze({ value: Object.freeze({}), at: '/event' })

/** The server cuts `event` of requests off here. */
const mostCharacters = 512

/** Browsers send `event` as JSON text. Text that is none, such as the form of a problem, is what it is. */
const readContent = (found: Json | undefined): Json | undefined => {
  if (typeof found !== 'string') return found
  const first = found.charAt(0)
  if (first !== '{' && first !== '"' && first !== '[') return found.toWellFormed()
  try {
    return JSON.parse(found)
  } catch {
    if (first !== '{') return found.toWellFormed()
    const cut = found.length === mostCharacters ? ` (edX cut it off at ${mostCharacters} characters)` : ''
    throw wrongField('/event', `JSON: it begins as an object and does not end as one${cut}`)
  }
}

class LoggedEvent implements EdxEvent {
  readonly whole: EventPart
  readonly source: string
  readonly type: string
  readonly context: EventPart
  #payload: EventPart | undefined
  #content: Json | undefined
  #courseId: string | undefined

  constructor(whole: EventPart, source: string, type: string) {
    this.whole = whole
    this.source = source
    this.type = type
    this.context = partOf(whole, 'context')
  }

  #read(): EventPart {
    if (this.#payload !== undefined) return this.#payload
    const content = readContent(this.whole.value.event)
    if (isObject(content)) this.#payload = { value: content, at: '/event' }
    else {
      this.#payload = noFields
      this.#content = content
    }
    return this.#payload
  }

  get payload(): EventPart {
    return this.#read()
  }

  get content(): Json | undefined {
    this.#read()
    return this.#content
  }

  get courseId(): string {
    this.#courseId ??= textOf(this.context, 'course_id') ?? ''
    return this.#courseId
  }
}

/** The event types, or undefined for what is no event. */
export const kindOf = (value: unknown): { readonly source: string; readonly type: string } | undefined => {
  if (!isObject(value)) return undefined
  const { event_source: source, event_type: type } = value
  return typeof source === 'string' && typeof type === 'string' ? { source, type } : undefined
}

export const readEvent = (whole: EventPart, source: string, type: string): EdxEvent =>
  new LoggedEvent(whole, source, type)
