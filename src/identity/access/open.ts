import type { Clock } from '../../contracts/clock.ts'
import type { DocumentStore } from '../../contracts/document-store.ts'
import type { Log } from '../../contracts/log.ts'
import { messageOf } from '../../errors.ts'
import type { Authenticator } from '../authenticator.ts'
import { accessAuthenticator } from './authenticator.ts'
import { type AccessKeys, createKeys } from './keys.ts'
import { openAccessRecords } from './records.ts'

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
  return { authenticator, keys: createKeys(records, { clock, forget: authenticator.forget }) }
}
