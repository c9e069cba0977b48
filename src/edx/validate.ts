import { judgeBy, type Model, type ModelJudgement } from '../validation/models.ts'
import { createEventSelect } from './select.ts'

/** A model whose `event` is nothing but text. */
const hasText = ({ schema }: Model): boolean => schema.properties?.event?.type === 'string'

/**
 * Logs hold what a browser sends as a text of JSON. This is the event with `event` decoded, or the event itself where
 * there is nothing to decode: the server cuts such texts off at 512 characters, and what is left is no JSON.
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

export type JudgeEvent = (value: unknown) => ModelJudgement

/** Judges events of edX, each by the models that are for it. Models are compiled when they are first needed. */
export const createEventJudge = (): JudgeEvent => {
  const select = createEventSelect()
  return (value) => {
    const candidates = select(value)
    if (candidates.length === 0) return { known: false }
    let decoded: unknown
    return judgeBy(candidates, (model) => {
      if (hasText(model)) return model.judge(value)
      decoded ??= decodeEvent(value)
      return model.judge(decoded)
    })
  }
}
