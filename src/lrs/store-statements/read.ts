import { isUtf8 } from 'node:buffer'
import { type Problem, RalphError } from '../../errors.ts'
import { type ElementPlace, type ElementScan, scanElements } from '../../json/elements.ts'
import { parseJson } from '../../json/exact.ts'
import type { LrsRules } from '../call.ts'
import { createYielder } from '../yielding.ts'

/** A statement of at least this many bytes is long: others run between the steps of its work, and little of it is kept. */
const long = 2 ** 16

/** A statement as it arrived. Only its size is known. */
export interface SentStatement {
  readonly index: number
  readonly isLong: boolean
  /** The exact text of this statement. Of a long one only its position in the body is kept, so its text is made each time. */
  text(): string
  /** The number of keys in the text, at every depth. A repeated key counts each time. */
  readonly keys: number
  /** The limit that it exceeds. Such a statement is not parsed. */
  readonly excess: Excess | undefined
  /** The id in the request, if the statement need not have its own. */
  readonly idOfRequest?: string
}

/** A limit that a statement exceeds. */
export interface Excess {
  readonly problem: Problem
  /** Names the setting that holds the limit. */
  readonly details: { readonly setting: string; readonly limit: number }
}

export type StatementLimits = Pick<
  LrsRules,
  'maxStatements' | 'maxStatementSize' | 'maxStatementKeys' | 'maxStatementDepth'
>

const excessOf = (
  { start, end, keys, depth }: ElementPlace,
  index: number,
  limits: StatementLimits
): Excess | undefined => {
  const exceed = (rule: string, limit: number, name: string, what: string): Excess => {
    const setting = `RALPH_RUNSERVER_MAX_STATEMENT_${name}`
    const expected = `at most ${limit} ${what} (${setting})`
    return { problem: { index, pointer: '', rule, expected }, details: { setting, limit } }
  }
  if (end - start > limits.maxStatementSize) return exceed('maxSize', limits.maxStatementSize, 'SIZE', 'bytes')
  if (keys > limits.maxStatementKeys)
    return exceed('maxKeys', limits.maxStatementKeys, 'KEYS', 'keys in all its objects together')
  if (depth > limits.maxStatementDepth) {
    return exceed('maxDepth', limits.maxStatementDepth, 'DEPTH', 'arrays and objects within each other')
  }
  return undefined
}

/** Bytes that are scanned in one step. It takes a millisecond or two. */
const stride = 2 ** 18

const scan = async (json: Uint8Array, { maxStatements }: StatementLimits): Promise<ElementScan> => {
  if (!isUtf8(json)) throw new RalphError('INVALID_JSON', 'The body is not valid UTF-8.')
  const elements = scanElements(json, maxStatements)
  const turns = createYielder()
  while (!elements.step(stride)) await turns.rest()
  return elements
}

/** Up to this many bytes are parsed as a whole, to find the position of the error. */
const shortBody = 2 ** 20

const textIn = (json: Uint8Array, start: number, end: number): string =>
  Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString('utf8', start, end)

/** Throws `INVALID_JSON` for the whole body. */
const refuseAsJson = (json: Uint8Array, reason: string): never => {
  if (json.byteLength <= shortBody) parseJson(textIn(json, 0, json.byteLength).replace(/^\ufeff/, ''))
  throw new RalphError('INVALID_JSON', `The body is not valid JSON: ${reason}.`)
}

const sentIn = async (
  json: Uint8Array,
  elements: ElementScan,
  limits: StatementLimits
): Promise<readonly SentStatement[]> => {
  if (!elements.isSound()) refuseAsJson(json, 'the list of statements has no end, or text follows it')
  const turns = createYielder()
  const sent: SentStatement[] = []
  for (const [index, place] of elements.found.entries()) {
    const excess = excessOf(place, index, limits)
    const isLong = place.end - place.start > long
    const read = (): string => textIn(json, place.start, place.end)
    // Of a statement that is refused, no text is kept.
    const text = isLong || excess !== undefined ? undefined : read()
    sent.push({ index, isLong, text: text === undefined ? read : () => text, keys: place.keys, excess })
    const rest = turns.rest()
    if (rest !== undefined) await rest
  }
  return sent
}

/** The value of a statement. Throws `INVALID_JSON` if its text is not JSON, whatever the other statements are. */
export const parseSent = ({ text, index }: SentStatement, json: Uint8Array): unknown => {
  try {
    return JSON.parse(text())
  } catch (cause) {
    return refuseAsJson(json, `statement ${index}: ${cause instanceof Error ? cause.message : cause}`)
  }
}

/**
 * One statement or a list of them, not parsed yet. Throws `INVALID_JSON` if the bytes cannot be JSON, `INVALID_STATEMENT` if the list is
 * empty, `TOO_MANY_STATEMENTS` if it is longer than the operator allows.
 */
export const readStatements = async (json: Uint8Array, limits: StatementLimits): Promise<readonly SentStatement[]> => {
  const elements = await scan(json, limits)
  const { maxStatements } = limits
  const count = elements.count()
  if (count > maxStatements) {
    throw new RalphError(
      'TOO_MANY_STATEMENTS',
      `The list has ${count} statements, and RALPH_RUNSERVER_MAX_STATEMENTS_PER_REQUEST is ${maxStatements}: ` +
        'send them in several requests.',
      { count, limit: maxStatements, setting: 'RALPH_RUNSERVER_MAX_STATEMENTS_PER_REQUEST' }
    )
  }
  const sent = await sentIn(json, elements, limits)
  if (count === 0) throw new RalphError('INVALID_STATEMENT', 'The list has no statements: send at least one.')
  return sent
}

/** One statement. A list is refused, even a list of one. Throws `INVALID_JSON`, `INVALID_STATEMENT`. */
export const readStatement = async (json: Uint8Array, limits: StatementLimits): Promise<SentStatement> => {
  const elements = await scan(json, limits)
  const [only] = await sentIn(json, elements, limits)
  if (elements.isList() || only === undefined) {
    for (const each of await sentIn(json, elements, limits)) if (each.excess === undefined) parseSent(each, json)
    throw new RalphError('INVALID_STATEMENT', 'PUT needs a single statement, not a list.')
  }
  return only
}
