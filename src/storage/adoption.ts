import type { StoredStatement } from '../contracts/statement-store.ts'
import { members, withoutMembers } from '../json/exact.ts'
import { isObject } from '../json/values.ts'
import { createMetadataIndex } from '../xapi/descriptions.ts'
import { normalId, type Statement, type StatementId, targetOf } from '../xapi/statement.ts'
import { inheritableTerms, ownTerms } from '../xapi/terms.ts'
import { formatMicros, type Micros, parseMicros } from '../xapi/timestamp.ts'
import type { BatchedWriter } from './batching/batched-writer.ts'

/** A statement that another program, usually Python Ralph, wrote where ours are kept, as Ralph adopts it. */
export interface AdoptedStatement {
  readonly id: StatementId
  readonly stored: Micros
  readonly statement: Statement
  /** Its text lacks what the LRS sets, or has another `stored`. `withTimes` gives the text that is served. */
  readonly lacksTimes: boolean
  /** Whether its definitions can be merged with others. */
  readonly teaches: boolean
}

/** Python Ralph checks only this before it stores a statement. */
const isStatement = (value: unknown): value is Statement & { readonly id: StatementId } =>
  isObject(value) &&
  typeof value.id === 'string' &&
  isObject(value.actor) &&
  isObject(value.verb) &&
  typeof value.verb.id === 'string' &&
  isObject(value.object)

const timeOf = (text: unknown): Micros | undefined => (typeof text === 'string' ? parseMicros(text) : undefined)

/** Whether a function of the specification accepts a value that may be anything. */
const succeeds = (work: () => unknown): boolean => {
  try {
    work()
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

/**
 * Adopts a value that may be anything, or says why it is not a statement. `stored` is its own, else its timestamp, else `otherwise`. It is
 * never later than `now`, because new statements must be later than all existing ones.
 */
export const adopt = (
  value: unknown,
  { now, otherwise = now }: { readonly now: Micros; readonly otherwise?: Micros }
): AdoptedStatement | { readonly reason: string } => {
  if (!isStatement(value)) return { reason: 'it is not a statement' }
  if (!succeeds(() => [inheritableTerms(value), ownTerms(value), targetOf(value)])) return { reason: 'it is malformed' }
  const own = timeOf(value.stored)
  const stored = Math.min(own ?? timeOf(value.timestamp) ?? otherwise, now)
  return {
    id: normalId(value.id),
    stored,
    statement: value,
    lacksTimes: own !== stored || value.timestamp === undefined,
    teaches: succeeds(() => createMetadataIndex().add(value, true))
  }
}

/**
 * The text of an adopted statement with all that the LRS sets (ruling 17): `stored`, and `timestamp` with the same time if it is missing.
 */
export const withTimes = (text: string, stored: Micros): string => {
  const rest = withoutMembers(text, new Set(['stored']))
  const time = formatMicros(stored)
  const timestamp = members(rest).some(({ key }) => key === 'timestamp') ? '' : `,"timestamp":"${time}"`
  // An adopted statement has an actor, so there is something before the comma.
  return `${rest.slice(0, -1)},"stored":"${time}"${timestamp}}`
}

/** A statement that can be adopted. `place` is its position in the engine. */
export interface AdoptionCandidate<Place> extends StoredStatement {
  readonly place: Place
  /** Whether its definitions can be merged with others. */
  readonly teaches: boolean
}

export interface TakenIn<Place> {
  readonly taken: number
  /** Each has the id of a stored statement, or of an earlier one in this list. */
  readonly doubles: readonly { readonly place: Place; readonly reason: string }[]
}

/** Adopts statements that are in the store of the engine already. Meanwhile, the engine finds in `adopting` where each of them is. */
export const takeIn = async <Place>(
  candidates: readonly AdoptionCandidate<Place>[],
  { writer, adopting }: { readonly writer: Pick<BatchedWriter, 'restore'>; readonly adopting: Map<StatementId, Place> }
): Promise<TakenIn<Place>> => {
  const firsts = new Map<StatementId, AdoptionCandidate<Place>>()
  const doubles: AdoptionCandidate<Place>[] = []
  for (const each of candidates) {
    if (firsts.has(each.id)) doubles.push(each)
    else firsts.set(each.id, each)
  }
  let taken = 0
  for (const define of [true, false]) {
    const some = [...firsts.values()].filter(({ teaches }) => teaches === define)
    if (some.length === 0) continue
    for (const { id, place } of some) adopting.set(id, place)
    try {
      const { inserted, already } = await writer.restore(some, [], { define })
      taken += inserted.length
      for (const id of already) doubles.push(...[firsts.get(id)].filter((each) => each !== undefined))
    } finally {
      for (const { id } of some) adopting.delete(id)
    }
  }
  return { taken, doubles: doubles.map(({ id, place }) => ({ place, reason: `the statement ${id} exists already` })) }
}
