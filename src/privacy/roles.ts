import { isObject } from '../json/values.ts'
import { identifierKey, identifierKeys } from '../xapi/identifier.ts'
import { type Actor, isActor, isGroup, type Statement, type StatementBase } from '../xapi/statement.ts'
import { everyActor } from '../xapi/terms.ts'
import { mayConcern, type WantedLearner } from './learner.ts'

/**
 * As what a statement names a learner: as its Actor or Object, as a member of a Group that is one of these, as its Authority, elsewhere
 * (context, SubStatement, authority of several), or only in a text.
 */
export const roles = ['actor', 'object', 'member', 'authority', 'context', 'text'] as const
export type Role = (typeof roles)[number]

const isThem = (actor: Actor, { keys }: WantedLearner): boolean => {
  const key = identifierKey(actor)
  return key !== undefined && keys.has(key)
}

const isMember = (actor: Actor, { keys }: WantedLearner): boolean =>
  isGroup(actor) && (actor.member ?? []).some((member) => keys.has(identifierKey(member) ?? ''))

const named = (actor: Actor, { keys }: WantedLearner): boolean =>
  [...identifierKeys(actor)].some((key) => keys.has(key))

/** The statement is an arbitrary JSON value with members of these names. */
const agentIn = (value: { readonly [key: string]: unknown }): string | undefined => {
  const { mbox, mbox_sha1sum, openid, account } = value
  if (typeof mbox === 'string' && mbox.includes('@')) return identifierKey({ mbox })
  if (typeof mbox_sha1sum === 'string') return identifierKey({ mbox_sha1sum })
  if (typeof openid === 'string') return identifierKey({ openid })
  if (isObject(account) && typeof account.homePage === 'string' && typeof account.name === 'string') {
    return identifierKey({ account: { homePage: account.homePage, name: account.name } })
  }
  return undefined
}

/** Whether an object of JSON is the learner, written as an Agent or identified Group. */
export const isAgentOf = (value: { readonly [key: string]: unknown }, { keys }: WantedLearner): boolean => {
  const key = agentIn(value)
  return key !== undefined && keys.has(key)
}

const hasWord = (text: string, { word }: WantedLearner): boolean => {
  if (word === undefined) return false
  word.lastIndex = 0
  return word.test(text)
}

/** The value of a text that is JSON itself, as platforms put it into extensions. Undefined: it is not. */
export const jsonWithin = (text: string): unknown => {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether the learner is named anywhere in a value of JSON: as an Agent, or in a text. */
export const isNamedIn = (value: unknown, learner: WantedLearner): boolean => {
  if (typeof value === 'string') {
    if (hasWord(value, learner)) return true
    const within = jsonWithin(value)
    return within !== undefined && isNamedIn(within, learner)
  }
  if (Array.isArray(value)) return value.some((each) => isNamedIn(each, learner))
  if (!isObject(value)) return false
  if (isAgentOf(value, learner)) return true
  return Object.entries(value).some(([key, each]) => hasWord(key, learner) || isNamedIn(each, learner))
}

const rolesIn = (statement: Statement, learner: WantedLearner): Set<Role> => {
  const found = new Set<Role>()
  const { actor, object, authority } = statement
  if (isThem(actor, learner)) found.add('actor')
  if (isActor(object) && isThem(object, learner)) found.add('object')
  for (const each of isActor(object) ? [actor, object] : [actor]) if (isMember(each, learner)) found.add('member')
  if (authority !== undefined && named(authority, learner)) found.add('authority')
  for (const each of everyActor(statement)) {
    if (each !== actor && each !== object && each !== authority && named(each, learner)) found.add('context')
  }
  return found
}

/** Empty: the statement has nothing to do with the learner. */
export const rolesOf = (text: string, learner: WantedLearner): ReadonlySet<Role> => {
  if (!mayConcern(text, learner)) return new Set()
  // It was validated before it was stored.
  const statement = JSON.parse(text) as Statement & StatementBase
  const found = rolesIn(statement, learner)
  if (found.size === 0 && isNamedIn(statement, learner)) found.add('text')
  return found
}

/** Whether bytes of any kind name the learner. What is not JSON is searched as text. */
export const isNamedInBytes = (bytes: Uint8Array, learner: WantedLearner): boolean => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (!mayConcern(text, learner)) return false
  return isNamedIn(text, learner)
}
