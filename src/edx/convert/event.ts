import { isObject, type Part, partOf, textOf, wrongField } from './fields.ts'

/** An event of a tracking log, as far as all of them are alike. */
export interface EdxEvent {
  /** The whole of it. */
  readonly whole: Part
  readonly source: string
  readonly type: string
  readonly context: Part
  /** What `event` holds, also where it came as JSON text; no fields where it is neither. */
  readonly payload: Part
  /** `event` where it is text and no JSON object, such as the form of a problem. */
  readonly text: string | undefined
  /** Of `context`, '' when there is none. */
  readonly courseId: string
}

const noFields = Object.freeze({})

const readPayload = (found: unknown): { readonly payload: Part; readonly text: string | undefined } => {
  const at = '/event'
  if (isObject(found)) return { payload: { value: found, at }, text: undefined }
  if (typeof found !== 'string') return { payload: { value: noFields, at }, text: undefined }
  // Browsers send `event` as JSON text.
  if (found.startsWith('{')) {
    try {
      const parsed: unknown = JSON.parse(found)
      if (isObject(parsed)) return { payload: { value: parsed, at }, text: undefined }
    } catch {
      throw wrongField(at, 'JSON: it begins as an object and does not end as one')
    }
  }
  return { payload: { value: noFields, at }, text: found.toWellFormed() }
}

/** The event types, or undefined for what is no event. */
export const kindOf = (value: unknown): { readonly source: string; readonly type: string } | undefined => {
  if (!isObject(value)) return undefined
  const { event_source: source, event_type: type } = value
  return typeof source === 'string' && typeof type === 'string' ? { source, type } : undefined
}

export const readEvent = (whole: Part, source: string, type: string): EdxEvent => {
  const context = partOf(whole, 'context')
  const { payload, text } = readPayload(whole.value.event)
  return {
    whole,
    source,
    type,
    context,
    payload,
    text,
    courseId: textOf(context, 'course_id') ?? ''
  }
}
