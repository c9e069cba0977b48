import { hash } from 'node:crypto'
import { requireTarget } from '../../settings/target.ts'
import type { LeaseOptions } from '../../storage/batching/lease.ts'

/** When what was written is searchable by others, Ralph among them: `refresh` of Elasticsearch's bulk request. */
export type Refresh = 'true' | 'false' | 'wait_for'

export interface EsOptions {
  /** URLs of nodes, credentials included. */
  readonly hosts: readonly string[]
  /** Keeps the statements of the default target. */
  readonly index: string
  readonly allowYellowStatus?: boolean
  readonly refreshAfterWrite?: Refresh | undefined
  /** File of certificates that the servers' certificates are checked with. */
  readonly caCerts?: string | undefined
  readonly verifyCerts?: boolean
  /** Before the names of the indices of targets, which Ralph 5 has as they are; for several deployments on one cluster. */
  readonly targetPrefix?: string
  /** Milliseconds for which the first of some requests waits for others to share its batch. */
  readonly writeDelay?: number
  /** Of each target; for tests, which do not wait as long as servers do for one that died. */
  readonly lease?: LeaseOptions
  /** Milliseconds that a request may take; 10,000 unless given. */
  readonly timeout?: number
}

/**
 * What belongs to the statements of all targets, in two indices that are named after the default one. No target has a
 * name with two tildes in it, nor has its index.
 */
export interface OwnIndices {
  /** What statements are found by: one document for each statement. */
  readonly relations: string
  /** Documents, attachments, definitions, and how far each target is written. */
  readonly kept: string
}

export const ownIndices = (defaultIndex: string): OwnIndices => ({
  relations: `${defaultIndex}~~relations`,
  kept: `${defaultIndex}~~kept`
})

/** A target, as it is told apart from others in the indices that all share. */
export interface Space {
  /** Where its statements are. */
  readonly index: string
  /** Before every key: '' for the default target. */
  readonly prefix: string
}

/**
 * A target is another index. Elasticsearch refuses upper case, and an underscore in front: these have a tilde before
 * them, which no target has. `INVALID_SETTING` when it cannot name a target.
 */
export const spaceOf = (
  { index: defaultIndex, targetPrefix = '' }: Pick<EsOptions, 'index' | 'targetPrefix'>,
  target: string | undefined
): Space => {
  if (target === undefined) return { index: defaultIndex, prefix: '' }
  const name = requireTarget(target).replace(/^_|[A-Z]/g, (letter) => `~${letter.toLowerCase()}`)
  const index = `${targetPrefix}${name}`
  // Long enough that no two targets share it; a name would make each of many keys longer.
  return index === defaultIndex
    ? { index, prefix: '' }
    : { index, prefix: `${hash('sha256', index, 'base64url').slice(0, 15)}.` }
}
