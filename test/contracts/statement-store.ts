import type { Test } from 'tap'
import type { OpenBackend } from './open-backend.ts'
import { openSuite, type Suite } from './open-backend.ts'
import { authorityContract } from './statement-store/authorities.ts'
import { byIdsContract } from './statement-store/by-ids.ts'
import { consistencyContract } from './statement-store/consistency.ts'
import { descriptionContract } from './statement-store/descriptions.ts'
import { exactTextContract } from './statement-store/exact-text.ts'
import { filterContract } from './statement-store/filters.ts'
import { followContract } from './statement-store/follow.ts'
import { insertContract } from './statement-store/insert.ts'
import { largeBatchContract } from './statement-store/large-batch.ts'
import { lifetimeContract } from './statement-store/lifetime.ts'
import { pagingContract } from './statement-store/paging.ts'
import { referenceContract } from './statement-store/references.ts'
import { restartContract } from './statement-store/restart.ts'
import { voidingContract } from './statement-store/voiding.ts'

const parts: readonly ((t: Test, suite: Suite) => void)[] = [
  insertContract,
  exactTextContract,
  filterContract,
  pagingContract,
  byIdsContract,
  voidingContract,
  referenceContract,
  descriptionContract,
  authorityContract,
  consistencyContract,
  followContract,
  largeBatchContract,
  restartContract,
  lifetimeContract
]

/**
 * What every store of statements must do: `StatementStore`, and rulings 1 to 10, 14 to 16 and 29 to 31 (`test/rulings.md`)
 * as far as a store decides them.
 */
export const statementStoreContract = (t: Test, name: string, open: OpenBackend): void => {
  t.test(`${name} as a statement store`, async (t) => {
    const suite = await openSuite(t, open)
    for (const part of parts) part(t, suite)
  })
}
