import { RalphError } from '../../errors.ts'
import { requireTarget } from '../../settings/target.ts'
import type { LeaseOptions } from '../../storage/batching/lease.ts'

export interface MongoOptions {
  readonly connectionUri: string
  readonly database: string
  /** The collection that keeps the statements of the default target. */
  readonly collection: string
  /** Milliseconds that the first request of a batch waits for others to join. */
  readonly writeDelay: number
  /** Milliseconds that a request may take. The default is 10,000. */
  readonly timeout?: number
  /** The times of the lease between servers. The default is that of the lease. */
  readonly lease?: LeaseOptions
}

/** The collections of one target: that of Python Ralph, and ours beside it. */
export interface CollectionNames {
  readonly statements: string
  readonly lease: string
  readonly descriptions: string
  readonly names: string
  readonly attachments: string
  readonly parts: string
  readonly documents: string
}

/** The name of a target never contains a colon, so our collections are never taken for targets. */
const namesFor = (statements: string): CollectionNames => ({
  statements,
  lease: `${statements}:lease`,
  descriptions: `${statements}:descriptions`,
  names: `${statements}:names`,
  attachments: `${statements}:attachments`,
  parts: `${statements}:parts`,
  documents: `${statements}:documents`
})

/** Each target is another collection. Throws `INVALID_SETTING` when the target cannot name one. */
export const collectionsOf = (defaultCollection: string, target: string | undefined): CollectionNames => {
  if (target === undefined) return namesFor(defaultCollection)
  const name = requireTarget(target)
  // The rules of MongoDB and of Python Ralph: no empty part between dots.
  if (name.startsWith('system.') || name.includes('..') || name.endsWith('.')) {
    throw new RalphError(
      'INVALID_SETTING',
      `${JSON.stringify(name)} cannot name a target here: MongoDB allows no collection with this name`,
      { target: name }
    )
  }
  return namesFor(name)
}
