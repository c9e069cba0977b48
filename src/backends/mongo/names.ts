import { RalphError } from '../../errors.ts'
import { requireTarget } from '../../settings/target.ts'
import type { LeaseOptions } from '../../storage/batching/lease.ts'

export interface MongoOptions {
  readonly connectionUri: string
  readonly database: string
  /** Keeps the statements of the default target. */
  readonly collection: string
  /** Milliseconds for which the first of some requests waits for others to share its batch. */
  readonly writeDelay: number
  /** Milliseconds that a request may take; 10,000 unless given. */
  readonly timeout?: number
  /** How servers take turns; as they come unless given. */
  readonly lease?: LeaseOptions
}

/** The collections of one target: Ralph's, and beside it those of ours. */
export interface CollectionNames {
  readonly statements: string
  readonly lease: string
  readonly descriptions: string
  readonly names: string
  readonly attachments: string
  readonly parts: string
  readonly documents: string
}

/** No target has a colon in its name: what is ours is never taken for a target. */
const namesFor = (statements: string): CollectionNames => ({
  statements,
  lease: `${statements}:lease`,
  descriptions: `${statements}:descriptions`,
  names: `${statements}:names`,
  attachments: `${statements}:attachments`,
  parts: `${statements}:parts`,
  documents: `${statements}:documents`
})

/** A target is another collection. `INVALID_SETTING` when it cannot name one. */
export const collectionsOf = (defaultCollection: string, target: string | undefined): CollectionNames => {
  if (target === undefined) return namesFor(defaultCollection)
  const name = requireTarget(target)
  // As MongoDB has it, and as Ralph checks it: no empty part between dots.
  if (name.startsWith('system.') || name.includes('..') || name.endsWith('.')) {
    throw new RalphError(
      'INVALID_SETTING',
      `${JSON.stringify(name)} cannot name a target here: no collection of MongoDB may be called so`,
      { target: name }
    )
  }
  return namesFor(name)
}
