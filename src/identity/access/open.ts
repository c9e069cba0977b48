import type { Clock } from '../../contracts/clock.ts'
import type { DocumentStore } from '../../contracts/document-store.ts'
import type { Log } from '../../contracts/log.ts'
import { messageOf } from '../../errors.ts'
import type { Authenticator } from '../authenticator.ts'
import { accessAuthenticator } from './authenticator.ts'
import { type AccessKeys, createKeys } from './keys.ts'
import { openAccessRecords } from './records.ts'
import { type AccessTokens, createTokens } from './tokens.ts'

export interface AccessOptions {
  /** The documents of the default target. */
  readonly documents: () => Promise<DocumentStore>
  readonly cacheMaxSize: number
  readonly clock: Clock
  readonly log: Log
  readonly onRefused: (username: string, source: string) => void
}

/** Keys of programs and tokens of content, and who has them. */
export interface Access {
  readonly authenticator: Authenticator
  readonly keys: AccessKeys
  readonly tokens: AccessTokens
  /** Removes tokens that have expired. */
  sweep(): Promise<void>
}

/** Nothing is read yet. */
export const openAccess = ({ documents, cacheMaxSize, clock, log, onRefused }: AccessOptions): Access => {
  const records = openAccessRecords(documents)
  const authenticator = accessAuthenticator({
    records,
    cacheMaxSize,
    clock,
    onRefused,
    onUnwritten: (error) => log.warn(`The time of use of a key could not be written: ${messageOf(error)}`)
  })
  const { forget } = authenticator
  return {
    authenticator,
    keys: createKeys(records, { clock, forget }),
    tokens: createTokens(records, { clock, forget }),
    sweep: async () => {
      const before = clock() / 1_000_000
      await records.sweep('token', before)
      await records.sweep('fetch', before)
    }
  }
}
