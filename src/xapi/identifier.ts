import type { Actor, InverseFunctionalIdentifier } from './statement.ts'

/** The domain of an e-mail address ignores case. Its local part does not (RFC 5321 §2.4). */
const normalMbox = (mbox: string): string => {
  const at = mbox.lastIndexOf('@')
  return `mailto:${mbox.slice('mailto:'.length, at)}${mbox.slice(at).toLowerCase()}`
}

/**
 * The key of an Agent or identified Group: kind and value of its inverse functional identifier (Data §2.4.2.3). Two are the same when their
 * keys are equal. Different kinds are never merged. Undefined for an anonymous Group. A line feed separates the parts of an account,
 * because no IRI contains one.
 */
export const identifierKey = (actor: InverseFunctionalIdentifier): string | undefined => {
  if (actor.mbox !== undefined) return normalMbox(actor.mbox)
  if (actor.account !== undefined) return `account:${actor.account.homePage}\n${actor.account.name}`
  if (actor.mbox_sha1sum !== undefined) return `sha1:${actor.mbox_sha1sum.toLowerCase()}`
  if (actor.openid !== undefined) return `openid:${actor.openid}`
  return undefined
}

/** The keys of an Agent, or of a Group (if identified) and all its members. */
export function* identifierKeys(actor: Actor): Generator<string> {
  const own = identifierKey(actor)
  if (own !== undefined) yield own
  if (actor.objectType !== 'Group' || actor.member === undefined) return
  for (const member of actor.member) {
    const key = identifierKey(member)
    if (key !== undefined) yield key
  }
}
