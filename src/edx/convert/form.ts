import type { Json } from '../../xapi/statement.ts'
import type { EdxEvent } from './event.ts'
import { answerOf, answerText } from './fields.ts'

/** `input_<block>_2_1`, of a list `input_<block>_2_1[]`: the block in the form of either age, and the input. */
const inputName = /^input_(.{1,300})_(\d{1,4}_\d{1,4})(?:_[a-z]\w{0,50})?(?:\[[^\]]{0,50}\])?$/

const decoded = (text: string): string => {
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced).toWellFormed()
  } catch {
    return spaced.toWellFormed()
  }
}

/** The form that a browser shows of a problem: the block that it names, and what was answered. */
export interface ProblemForm {
  readonly block: string | undefined
  readonly response: string | undefined
}

/** URL-encoded text, in a list where it was graded: what follows is the page that came back. */
const textIn = (event: EdxEvent): string | undefined => {
  const { content } = event
  const found: Json | undefined = Array.isArray(content) ? content[0] : content
  if (typeof found === 'string') return found
  return content === undefined ? answerOf(event.payload, 'answers') : undefined
}

/** Names without a value, and text that is no form, answer nothing. */
export const readForm = (event: EdxEvent): ProblemForm => {
  const answers = new Map<string, string | string[]>()
  let block: string | undefined
  for (const pair of textIn(event)?.split('&') ?? []) {
    const equals = pair.indexOf('=')
    if (equals < 0) continue
    const name = decoded(pair.slice(0, equals))
    const match = inputName.exec(name)
    if (match === null) continue
    block ??= match[1]
    const value = decoded(pair.slice(equals + 1))
    const key = name.replace(/\[.*$/, '')
    const known = answers.get(key)
    if (name.endsWith(']')) answers.set(key, [...(known === undefined ? [] : [known].flat()), value])
    else answers.set(key, known === undefined ? value : [...[known].flat(), value])
  }
  const given = [...answers.values()]
  return { block, response: given.every((each) => each === '') ? undefined : answerText(given) }
}
