import type { Clock } from '../../contracts/clock.ts'
import { RalphError } from '../../errors.ts'
import { formatMicros, parseMicros } from '../../xapi/timestamp.ts'
import { createLoginQueue } from '../login-queue.ts'
import { allows, type Bound, type Principal, requireUnbound, type Scope } from '../principal.ts'
import type { AccessGrant, AccessRecords } from './records.ts'
import { asLogin, readSecret } from './secret.ts'
import { activityIn, addressesIn, agentIn, fieldsIn, originsIn, registrationIn, scopesIn, secondsIn } from './wanted.ts'

/** A token that was made. It is shown this once. */
export interface NewToken {
  readonly id: string
  /** For `Authorization: Bearer`. */
  readonly token: string
  /** For `Authorization: Basic`, as cmi5 has it: base64 of a name and a password. */
  readonly authToken: string
  readonly expires: string
}

/** A secret with which content gets its token, once. */
export interface NewFetch {
  readonly id: string
  readonly code: string
  readonly expires: string
}

export type FetchAnswer =
  | { readonly 'auth-token': string }
  /** cmi5 §8.2.3: 1 used or expired, 2 not valid, 3 a fault of the server. */
  | { readonly 'error-code': '1' | '2' | '3'; readonly 'error-text': string }

/** Short-lived tokens for content in browsers, bound to a learner. */
export interface AccessTokens {
  /** A token with rights of who makes it, at most. Or, if `fetch` is wanted, what content gets it with. */
  create(wanted: unknown, by: Principal, restrictions: Restricting): Promise<NewToken | NewFetch>
  /** Gives the token for a code the first time (cmi5 §8.2). */
  fetch(code: string, source: string): Promise<FetchAnswer>
  /** By its maker, or an administrator. `NOT_FOUND` */
  revoke(id: string, by: Principal): Promise<void>
}

type Restricting = { readonly restrictByScopes: boolean }

/** What content in a browser may be allowed. */
const ofContent: readonly Scope[] = [
  ...(['statements/write', 'statements/read/mine', 'state/read', 'state/write'] as const),
  ...(['profile/read', 'profile/write', 'define'] as const)
]
const usual: readonly Scope[] = [
  'statements/write',
  'statements/read/mine',
  'state/read',
  'state/write',
  'profile/read'
]

const known = ['actor', 'registration', 'activity', 'scopes', 'expiresIn', 'addresses', 'origins', 'fetch'] as const
const hour = 3600
const week = 604_800
const prefixOfKey = 'ralph_key_'

/** Throws `FORBIDDEN` unless the maker itself has each of these scopes. */
const requireOwn = (by: Principal, wanted: readonly Scope[], { restrictByScopes }: Restricting): void => {
  if (!restrictByScopes && by.isScoped !== true) return
  const missing = wanted.find((scope) => !allows(by, scope))
  if (missing === undefined) return
  throw new RalphError('FORBIDDEN', `These credentials lack the scope ${missing}.`, { scope: missing })
}

const boundIn = (fields: ReturnType<typeof fieldsIn>): Bound => {
  const actor = agentIn(fields, 'actor')
  if (actor === undefined) throw new RalphError('INVALID_PARAMETER', '"actor" is missing.', { parameter: 'actor' })
  const [registration, activity] = [registrationIn(fields), activityIn(fields)]
  return {
    actor,
    ...(registration === undefined ? {} : { registration }),
    ...(activity === undefined ? {} : { activity })
  }
}

const error = (code: '1' | '2' | '3', text: string): FetchAnswer => ({ 'error-code': code, 'error-text': text })

export const createTokens = (
  records: AccessRecords,
  { clock, forget }: { readonly clock: Clock; readonly forget: (id: string) => void }
): AccessTokens => {
  const inTurn = createLoginQueue({ atOnce: 16, waiting: 256, what: 'tokens' })

  const grantOf = (fields: ReturnType<typeof fieldsIn>, by: Principal): AccessGrant => {
    const now = clock()
    const wanted = scopesIn(fields, ofContent)
    return {
      label: '',
      agent: by.agent,
      scopes: wanted ?? usual,
      ...(by.target === undefined ? {} : { target: by.target }),
      expires: formatMicros(now + secondsIn(fields, 'expiresIn', { usual: hour, most: week }) * 1_000_000),
      addresses: addressesIn(fields),
      origins: originsIn(fields),
      made: formatMicros(now),
      madeBy: by.username,
      ...(by.isScoped === true ? { parent: by.username.slice(prefixOfKey.length) } : {}),
      bound: boundIn(fields)
    }
  }

  const newToken = async (grant: AccessGrant): Promise<NewToken> => {
    const { expires = '' } = grant
    const { record, secret } = await records.create('token', grant, (parseMicros(expires) ?? 0) / 1_000_000)
    const { username, password } = asLogin(secret)
    const authToken = Buffer.from(`${username}:${password}`).toString('base64')
    return { id: record.id, token: secret, authToken, expires }
  }

  const exchange = async (code: string): Promise<FetchAnswer> => {
    const secret = readSecret(code)
    if (secret?.kind !== 'fetch') return error('2', 'The fetch URL is not valid.')
    const found = await records.find('fetch', secret.id)
    if (found !== undefined && !(await records.isOf(secret, found))) return error('2', 'The fetch URL is not valid.')
    // Of two requests at the same time one gets it.
    const taken = found && (await records.take('fetch', secret.id))
    if (taken === undefined) return error('1', 'The authorization token has already been returned, or has expired.')
    if ((parseMicros(taken.expires ?? '') ?? 0) <= clock()) return error('1', 'The fetch URL has expired.')
    const { id: _, digest: _digest, ...grant } = taken
    return { 'auth-token': (await newToken(grant)).authToken }
  }

  return {
    create: async (wanted, by, restrictions) => {
      requireUnbound(by)
      const fields = fieldsIn(wanted, known)
      const grant = grantOf(fields, by)
      requireOwn(by, grant.scopes, restrictions)
      if (fields.fetch !== true) return newToken(grant)
      const { expires = '' } = grant
      const { record, secret } = await records.create('fetch', grant, (parseMicros(expires) ?? 0) / 1_000_000)
      return { id: record.id, code: secret, expires }
    },
    fetch: (code, source) => inTurn({ source, username: '', known: false }, () => exchange(code)),
    revoke: async (id, by) => {
      requireUnbound(by)
      for (const kind of ['token', 'fetch'] as const) {
        const found = await records.find(kind, id)
        const isOwn = found?.madeBy === by.username && found.target === by.target
        const mayRevoke = isOwn || (allows(by, 'all') && (by.target === undefined || found?.target === by.target))
        if (found === undefined || !mayRevoke) continue
        await records.take(kind, id)
        forget(id)
        return
      }
      throw new RalphError('NOT_FOUND', `There is no token ${JSON.stringify(id)}.`, { id })
    }
  }
}
