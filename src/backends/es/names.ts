import { hash } from 'node:crypto'
import { requireTarget } from '../../settings/target.ts'
import type { LeaseOptions } from '../../storage/batching/lease.ts'

/** When other clients, Python Ralph among them, can find what was written: `refresh` of a bulk request. */
export type Refresh = 'true' | 'false' | 'wait_for'

export interface EsOptions {
  /** URLs of the nodes, with credentials. */
  readonly hosts: readonly string[]
  /** The index that keeps the statements of the default target. */
  readonly index: string
  readonly allowYellowStatus?: boolean
  readonly refreshAfterWrite?: Refresh | undefined
  /** A file with the certificates that the certificates of the servers are checked with. */
  readonly caCerts?: string | undefined
  readonly verifyCerts?: boolean
  /** A prefix for the indices of targets, for several deployments on one cluster. Python Ralph 5 has none. */
  readonly targetPrefix?: string
  /** Milliseconds that the first request of a batch waits for others to join. */
  readonly writeDelay?: number
  /** The times of the lease of each target. Tests set shorter ones. */
  readonly lease?: LeaseOptions
  /** Milliseconds that a request may take. The default is 10,000. */
  readonly timeout?: number
}

/**
 * Two indices that keep what belongs to the statements of all targets. They are named after the default index. No name of a target or of
 * its index contains two tildes.
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

/** A target in the indices that all targets share. */
export interface Space {
  /** The index of its statements. */
  readonly index: string
  /** The prefix of every key. '' for the default target. */
  readonly prefix: string
}

/**
 * Each target is another index. Elasticsearch refuses upper case and a leading underscore, so these characters get a tilde in front. No
 * target contains a tilde. Throws `INVALID_SETTING` when the target cannot name an index.
 */
export const spaceOf = (
  { index: defaultIndex, targetPrefix = '' }: Pick<EsOptions, 'index' | 'targetPrefix'>,
  target: string | undefined
): Space => {
  if (target === undefined) return { index: defaultIndex, prefix: '' }
  const name = requireTarget(target).replace(/^_|[A-Z]/g, (letter) => `~${letter.toLowerCase()}`)
  const index = `${targetPrefix}${name}`
  // Long enough that no two targets share it. The whole name would make many keys longer.
  return index === defaultIndex
    ? { index, prefix: '' }
    : { index, prefix: `${hash('sha256', index, 'base64url').slice(0, 15)}.` }
}
