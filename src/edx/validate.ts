import { type Model, type ModelValidation, validateBy } from '../validation/models.ts'
import { type ConvertEvent, createEdxToXapi, type StatementShape } from './convert/index.ts'
import { createEventSelect } from './select.ts'

/** A model that says what stands within `event`. */
const asksWithin = ({ schema }: Model): boolean => schema.properties?.event?.properties !== undefined

/**
 * Logs hold what a browser sends as a text of JSON. This is the event with `event` decoded, or the event itself where
 * there is nothing to decode: the server cuts such texts off at 512 characters, and what is left is not JSON.
 */
export const decodeEvent = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || !('event' in value)) return value
  const { event } = value
  if (typeof event !== 'string' || !/^\s*[[{]/.test(event)) return value
  try {
    return { ...value, event: JSON.parse(event) }
  } catch {
    // It is judged as the text that it is.
    return value
  }
}

/** `text` is what the value was read from. */
export type EventValidator = (value: unknown, text: string) => ModelValidation

/** An event may be taken for one of them and not for another. */
const shapes: readonly StatementShape[] = ['event', 'ralph']

/** Whether an event can be converted depends neither on the platform nor on the namespace. */
const anyPlace = { platformUrl: 'https://lms.example.org', namespace: '00000000-0000-0000-0000-000000000000' }

/**
 * Judges events of edX, each by the models that are for it. Models are compiled when they are first needed.
 *
 * Models say what edX writes, and logs hold more than anybody has described: an event that its model refuses is valid
 * all the same when `ralph convert` takes it, so that nothing is lost in `ralph validate -I | ralph convert`.
 */
export const createEventValidator = (): EventValidator => {
  const select = createEventSelect()
  let converters: readonly ConvertEvent[] | undefined

  const isConvertible = (text: string): boolean => {
    converters ??= shapes.map((shape) => createEdxToXapi({ ...anyPlace, shape }))
    const name = Buffer.from(text)
    return converters.some((convert) => 'statement' in convert(text, name))
  }

  const validateByModels = (value: unknown): ModelValidation => {
    const candidates = select(value)
    if (candidates.length === 0) return { known: false }
    let decoded: unknown
    return validateBy(candidates, (model) => {
      if (!asksWithin(model)) return model.problemsIn(value)
      decoded ??= decodeEvent(value)
      return model.problemsIn(decoded)
    })
  }

  return (value, text) => {
    const judged = validateByModels(value)
    if (judged.known && judged.problems.length === 0) return judged
    return isConvertible(text) ? { known: true, model: 'convertible', problems: [] } : judged
  }
}
