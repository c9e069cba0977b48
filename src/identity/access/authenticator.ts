import { LRUCache } from 'lru-cache'
import type { Clock } from '../../contracts/clock.ts'
import { RalphError } from '../../errors.ts'
import { formatMicros, parseMicros } from '../../xapi/timestamp.ts'
import type { Authenticator, PresentedCredentials } from '../authenticator.ts'
import { createLoginQueue } from '../login-queue.ts'
import type { Principal } from '../principal.ts'
import { isWithin } from './places.ts'
import type { AccessRecord, AccessRecords } from './records.ts'
import { looksLikeSecret, type PresentedSecret, readSecret } from './secret.ts'

export interface AccessAuthenticatorOptions {
  readonly records: AccessRecords
  readonly cacheMaxSize: number
  readonly clock: Clock
  readonly onRefused: (username: string, source: string) => void
  /** Called when a use could not be written down. The request is served. */
  readonly onUnwritten: (error: unknown) => void
}

export interface AccessAuthenticator extends Authenticator {
  /** The record with this id is read again when it is next needed. */
  forget(id: string): void
}

/** Milliseconds after which a record is read again. So long another server of the store accepts a key that was revoked. */
const fresh = 2000
/** Records that are read at the same time, and those that wait. Anybody can invent ids, so the sources take turns. */
const mostAtOnce = 16
const mostWaiting = 256
/** Microseconds between two notes of the use of a key. */
const hour = 3_600_000_000

/** What the request presents. Undefined: it is not meant to be a secret of Ralph. */
const presentedIn = ({ authorization, login }: PresentedCredentials): string | undefined => {
  if (login !== undefined) return looksLikeSecret(login.username) ? `${login.username}_${login.password}` : undefined
  const [, token] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
  return token !== undefined && looksLikeSecret(token) ? token : undefined
}

export const usernameOf = (kind: PresentedSecret['kind'], id: string): string => `ralph_${kind}_${id}`

const principalOf = (kind: PresentedSecret['kind'], record: AccessRecord): Principal => ({
  username: usernameOf(kind, record.id),
  agent: record.agent,
  scopes: record.scopes,
  isScoped: true,
  ...(record.target === undefined ? {} : { target: record.target }),
  ...(record.bound === undefined ? {} : { bound: record.bound })
})

const requirePlace = (record: AccessRecord, { address, origin }: PresentedCredentials): void => {
  if (record.addresses.length > 0 && !isWithin(record.addresses, address)) {
    throw new RalphError('FORBIDDEN', 'These credentials may not be used from this address.')
  }
  if (record.origins.length > 0 && (origin === undefined || !record.origins.includes(origin))) {
    throw new RalphError('FORBIDDEN', 'These credentials may be used only by pages of certain origins.')
  }
}

const hasExpired = ({ expires }: AccessRecord, now: number): boolean =>
  expires !== undefined && (parseMicros(expires) ?? 0) <= now

/** Keys of programs and tokens of content, as `Authorization: Bearer` and as HTTP Basic with the id as the name. */
export const accessAuthenticator = ({
  records,
  cacheMaxSize,
  clock,
  onRefused,
  onUnwritten
}: AccessAuthenticatorOptions): AccessAuthenticator => {
  /** To `LRUCache` 0 means without limit. */
  const known = new LRUCache<string, { readonly record: AccessRecord | undefined }>({
    max: Math.max(1, cacheMaxSize),
    ttl: fresh
  })
  const underway = new Map<string, Promise<AccessRecord | undefined>>()
  const inTurn = createLoginQueue({ atOnce: mostAtOnce, waiting: mostWaiting, what: 'tokens' })

  const find = (kind: PresentedSecret['kind'], id: string, source: string): Promise<AccessRecord | undefined> => {
    const present = known.get(id)
    if (present !== undefined) return Promise.resolve(present.record)
    const asked = underway.get(id)
    if (asked !== undefined) return asked
    const reading = async (): Promise<AccessRecord | undefined> => {
      const record = await records.find(kind, id)
      // What was forgotten meanwhile may have been read before it was changed.
      if (underway.get(id) === finding) known.set(id, { record })
      return record
    }
    const finding: Promise<AccessRecord | undefined> = inTurn({ source, username: id, known: false }, reading).finally(
      () => {
        if (underway.get(id) === finding) underway.delete(id)
      }
    )
    underway.set(id, finding)
    return finding
  }

  const note = (kind: PresentedSecret['kind'], record: AccessRecord, now: number): void => {
    const last = record.lastUse === undefined ? 0 : (parseMicros(record.lastUse) ?? 0)
    if (kind !== 'key' || now - last < hour) return
    const lastUse = formatMicros(now)
    known.set(record.id, { record: { ...record, lastUse } })
    records.used(kind, record.id, lastUse).catch(onUnwritten)
  }

  const recognise = async (text: string, credentials: PresentedCredentials): Promise<Principal> => {
    const refuse = (message: string): never => {
      onRefused('a key or token', credentials.source)
      throw new RalphError('UNAUTHENTICATED', message)
    }
    const secret = readSecret(text)
    if (secret === undefined || secret.kind === 'fetch') return refuse('The key or token is not valid.')
    const { kind, id } = secret
    const record = await find(kind, id, credentials.source)
    if (!(await records.isOf(secret, record)) || record === undefined) return refuse('The key or token is not valid.')
    const now = clock()
    if (hasExpired(record, now)) return refuse('The key or token has expired.')
    if (record.parent !== undefined) {
      const parent = await find('key', record.parent, credentials.source)
      if (parent === undefined || hasExpired(parent, now))
        return refuse('The key that made this token is not valid any more.')
    }
    requirePlace(record, credentials)
    note(kind, record, now)
    return principalOf(kind, record)
  }

  return {
    scheme: 'Basic',
    challenge: 'Basic realm="Ralph LRS", charset="UTF-8"',
    authenticate: async (credentials) => {
      const text = presentedIn(credentials)
      return text === undefined ? undefined : recognise(text, credentials)
    },
    forget: (id) => {
      known.delete(id)
      underway.delete(id)
    },
    health: async () => ({ state: 'ok' }),
    close: () => known.clear()
  }
}
