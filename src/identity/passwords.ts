import { hash as digestOf, randomBytes, randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { verify as bcryptVerify } from '@node-rs/bcrypt'
import { LRUCache } from 'lru-cache'
import type { Log } from '../contracts/log.ts'
import type { PartStatus } from '../contracts/part.ts'
import type { IdentitySettings } from '../settings/settings.ts'
import type { User } from './auth-file.ts'
import { demoHash } from './demo.ts'
import { createLoginQueue, type LoginAttempt, type LoginQueueOptions } from './login-queue.ts'
import { newUserCommand } from './new-user-command.ts'
import type { Principal } from './principal.ts'
import { openUsers, type Users } from './users.ts'

/** The names and passwords of the auth file. */
export interface Passwords {
  /**
   * The user with this name and password. Undefined: there is none. Rejects with `OVERLOADED` if too many new credentials are being
   * verified. Credentials that were verified recently are not affected.
   * @param source the source of the request; each source gets its share
   */
  verify(username: string, password: string, source?: string): Promise<Principal | undefined>
  /** Logs which user with the well-known password is accepted or refused. It is called when the server listens. */
  announce(): void
  /** `degraded` while the present auth file cannot be read. */
  health(): Promise<PartStatus>
  /** Forgets everything. It may be called twice. */
  close(): void
}

export interface PasswordOptions {
  readonly queue?: LoginQueueOptions
  /** Compares a password with a hash. Unless given, bcrypt in its own thread. */
  readonly compare?: (password: string, hash: string) => Promise<boolean>
}

/** Leaves one processor to the event loop. A user is verified once an hour, so a few threads are enough. */
const defaultQueue = (): LoginQueueOptions => ({
  atOnce: Math.max(1, Math.min(2, availableParallelism() - 1)),
  waiting: 64
})

/** How long a refusal is remembered, in milliseconds, and how many are. A client with a wrong password usually repeats it. */
const refusalTtl = 10_000
const refusals = 10_000

/** No known password has this hash. */
const hashOfNobody = (cost: string): string =>
  `$2b$${cost}$${randomBytes(16).toString('hex').slice(0, 21)}u${'u'.repeat(31)}`

const costOf = ({ hash }: User): string => hash.slice(4, 6)

/**
 * Hashes in the place of those of unknown users. Their costs are distributed as those of the users, so the time of an answer does not
 * reveal who exists.
 */
const createDecoys = (users: readonly User[]): readonly string[] => {
  const costs = users.length === 0 ? ['12'] : users.map(costOf)
  const byCost = new Map([...new Set(costs)].map((cost) => [cost, hashOfNobody(cost)]))
  return costs.flatMap((cost) => byCost.get(cost) ?? [])
}

/** Says what happens to the well-known credentials, at every start and whenever they appear in the file. */
const announceDemo = (users: readonly User[], { allowDemoCredentials, authFile }: IdentitySettings, log: Log): void => {
  const demo = users.find(({ hash }) => hash === demoHash)
  if (demo === undefined) return
  const who = `User ${JSON.stringify(demo.principal.username)} has the well-known demo password`
  log.warn(
    allowDemoCredentials
      ? `${who} and is accepted: do not keep real data here before you make users of your own: ${newUserCommand(authFile)}`
      : `${who} and is refused, because this server does not listen on loopback only: set RALPH_ALLOW_DEMO_CREDENTIALS=true, or make users of your own: ${newUserCommand(authFile)}`
  )
}

/** A cache that holds nothing if `max` is 0: for `LRUCache`, 0 means no limit. */
const createCache = (max: number, ttl: number): Pick<LRUCache<string, true>, 'has' | 'set' | 'clear'> | undefined =>
  max > 0 && ttl > 0 ? new LRUCache<string, true>({ max, ttl }) : undefined

/** Compares passwords with hashes, a few at a time. A flood of unknown names neither stops users nor finds out who exists. */
const createComparison = (queue: LoginQueueOptions, compare: NonNullable<PasswordOptions['compare']>) => {
  const underway = new Map<string, Promise<boolean>>()
  const inTurn = createLoginQueue(queue)
  let usualTime = 0

  /**
   * Invented names and users wait in separate lines, so a flood of invented names does not stop users. But only the right password is
   * answered from the line of users. A wrong one also takes a place in the line of invented names, and is answered or refused there. A
   * refusal takes as long as a comparison. Otherwise a flood would reveal who exists.
   */
  const compareInTurn = async (account: LoginAttempt, password: string, hash: string): Promise<boolean> => {
    const measured = async (): Promise<boolean> => {
      const began = performance.now()
      const equal = await compare(password, hash)
      usualTime = performance.now() - began
      return equal
    }
    const comparison = inTurn(account, measured)
    const answer = account.known ? inTurn({ ...account, known: false }, async () => false) : comparison
    // It is not awaited if the password is right.
    answer.catch(() => {})
    try {
      if (await comparison) return true
    } catch (error) {
      // A user waits for the running comparison, often for one more, and then for its own.
      await wait(usualTime + randomInt(Math.ceil(2 * usualTime) + 1))
      throw error
    }
    return answer
  }

  /** Concurrent requests with the same credentials share one comparison. */
  return (account: LoginAttempt, credentials: string, password: string, hash: string): Promise<boolean> => {
    const present = underway.get(credentials)
    if (present !== undefined) return present
    const comparison = compareInTurn(account, password, hash).finally(() => underway.delete(credentials))
    underway.set(credentials, comparison)
    return comparison
  }
}

/**
 * Verifies credentials against the auth file, which is read again when it changes. While credentials are cached, bcrypt is not asked again.
 * The cache holds keyed digests, each bound to the hash it was verified with, so a changed password or a removed user is refused at once.
 * Throws `INVALID_AUTH_FILE` if the file is missing or malformed.
 */
export const openPasswords = async (
  settings: IdentitySettings,
  log: Log,
  { queue = defaultQueue(), compare = bcryptVerify }: PasswordOptions = {}
): Promise<Passwords> => {
  const key = randomBytes(32).toString('base64')
  const accepted = createCache(settings.cacheMaxSize, settings.cacheTtl * 1000)
  const refused = createCache(settings.cacheMaxSize && refusals, refusalTtl)
  const compareOnce = createComparison(queue, compare)
  let decoys: readonly string[] = []
  let announced = false
  let everybody: readonly User[] = []

  const users: Users = await openUsers(settings.authFile, log, (all) => {
    decoys = createDecoys(all)
    everybody = all
    if (announced) announceDemo(all, settings, log)
  })

  /**
   * Keyed by its first part. The digest never leaves the process, so this simple construction is as safe as HMAC. It runs for every
   * request, and takes a twentieth of the time of HMAC.
   */
  const digest = (text: string): string => digestOf('sha256', key + text, 'base64')

  /** The decoy of a name is always the same while the users do not change. */
  const decoyOf = (username: string): string => {
    const lot = Buffer.from(digest(username), 'base64').readUInt32BE()
    return decoys[lot % decoys.length] ?? demoHash
  }

  const isAcceptable = (user: User): boolean => user.hash !== demoHash || settings.allowDemoCredentials

  return {
    verify: async (username, password, source = '') => {
      const refreshed = users.refresh()
      if (refreshed !== undefined) await refreshed
      const user = users.find(username)
      const hash = user?.hash ?? decoyOf(username)
      const credentials = digest(`${username.length} ${username}${hash}${password}`)
      if (user !== undefined && accepted?.has(credentials)) return user.principal
      if (refused?.has(credentials)) return undefined
      const equal = await compareOnce({ source, username, known: user !== undefined }, credentials, password, hash)
      if (equal && user !== undefined && isAcceptable(user)) {
        accepted?.set(credentials, true)
        return user.principal
      }
      if (equal && user !== undefined) announceDemo([user], settings, log)
      refused?.set(credentials, true)
      return undefined
    },
    announce: () => {
      announced = true
      announceDemo(everybody, settings, log)
    },
    health: async () => {
      await users.refresh()
      const detail = users.problem()
      if (detail === undefined) return { state: 'ok' }
      return { state: 'degraded', detail, hint: 'the auth file cannot be read; the earlier users stay valid' }
    },
    close: () => {
      accepted?.clear()
      refused?.clear()
    }
  }
}
