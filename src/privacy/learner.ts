import { hash } from 'node:crypto'
import { RalphError } from '../errors.ts'
import { identifierKey } from '../xapi/identifier.ts'

/** A person, by one inverse functional identifier, and all that gives this identifier away. */
export interface WantedLearner {
  /** Identifier keys (`identifierKey`). A mailbox has a second one: its SHA-1. */
  readonly keys: ReadonlySet<string>
  /** The key that the pseudonym is made of. It is the same for a mailbox and for its SHA-1. */
  readonly canonicalKey: string
  /** A text in lower case. What concerns the learner contains at least one of them, or a backslash. */
  readonly hints: readonly string[]
  /** The identifier in any text. Undefined for an account: its name alone may be an ordinary word. */
  readonly word: RegExp | undefined
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/** A longer address or number that contains this one is another one. */
const before = '(?<![\\w.%+-])'
const after = '(?![\\w-]|\\.\\w)'

const sha1Of = (mbox: string): string => hash('sha1', mbox)

const ofMailbox = (address: string): WantedLearner => {
  const mbox = `mailto:${address}`
  const key = identifierKey({ mbox }) ?? mbox
  const at = address.lastIndexOf('@')
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)]
  const sums = [...new Set([sha1Of(key), sha1Of(mbox)])]
  // The domain ignores case, the local part does not.
  const anyCase = [...domain].map((letter) => {
    const [low, high] = [letter.toLowerCase(), letter.toUpperCase()]
    return low === high ? escaped(letter) : `[${low}${high}]`
  })
  return {
    keys: new Set([key, ...sums.map((sum) => `sha1:${sum}`)]),
    canonicalKey: `sha1:${sha1Of(key)}`,
    hints: [address.toLowerCase(), ...sums],
    word: new RegExp(
      `${before}(?:mailto:)?${escaped(local)}@${anyCase.join('')}${after}|${before}(?:${sums.join('|')})${after}`,
      'g'
    )
  }
}

const ofSum = (sum: string): WantedLearner => ({
  keys: new Set([`sha1:${sum.toLowerCase()}`]),
  canonicalKey: `sha1:${sum.toLowerCase()}`,
  hints: [sum.toLowerCase()],
  word: new RegExp(`${before}${sum}${after}`, 'gi')
})

const ofOpenid = (openid: string): WantedLearner => ({
  keys: new Set([`openid:${openid}`]),
  canonicalKey: `openid:${openid}`,
  hints: [openid.toLowerCase()],
  word: new RegExp(`${before}${escaped(openid)}(?![\\w/-])`, 'g')
})

const ofAccount = (homePage: string, name: string): WantedLearner => {
  const key = `account:${homePage}\n${name}`
  return { keys: new Set([key]), canonicalKey: key, hints: [name.toLowerCase()], word: undefined }
}

/**
 * An e-mail address with or without `mailto:`, the SHA-1 of one, an OpenID, or an account as `homePage|name`. Anything else is `USAGE`.
 */
export const learnerOf = (identifier: string): WantedLearner => {
  const bar = identifier.indexOf('|')
  if (bar > 0 && /^[a-z][a-z0-9+.-]*:/i.test(identifier) && bar < identifier.length - 1) {
    return ofAccount(identifier.slice(0, bar), identifier.slice(bar + 1))
  }
  if (/^(mailto:)?[^\s@:/|]+@[^\s@:/|]+$/i.test(identifier)) return ofMailbox(identifier.replace(/^mailto:/i, ''))
  if (/^[0-9a-f]{40}$/i.test(identifier)) return ofSum(identifier)
  if (/^https?:\/\/[^\s|]+$/i.test(identifier)) return ofOpenid(identifier)
  throw new RalphError(
    'USAGE',
    `${JSON.stringify(identifier)} is not the identifier of a learner: it is an e-mail address, the SHA-1 of one ` +
      '(mbox_sha1sum), an OpenID, or an account as homePage|name'
  )
}

/** False: the text certainly does not concern the learner. */
export const mayConcern = (text: string, { hints }: WantedLearner): boolean => {
  if (text.includes('\\')) return true
  const low = text.toLowerCase()
  return hints.some((hint) => low.includes(hint))
}
