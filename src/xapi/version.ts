import { RalphError } from '../errors.ts'

/** The supported versions, by the latest patch of each line (Communication §3.3). */
export const versions = ['1.0.3', '2.0.0'] as const
export type Version = (typeof versions)[number]

/** All versions that /about lists. 2.0 has no patch yet, 1.0 has four. */
export const supportedVersions = ['1.0.0', '1.0.1', '1.0.2', '1.0.3', '2.0.0'] as const

/**
 * The version in which a request is served. `1.0` and any 1.0.x are 1.0.3; `2.0` and any 2.0.x are 2.0.0. Throws `INVALID_VERSION` for
 * anything else.
 */
export const negotiateVersion = (header: string): Version => {
  if (/^1\.0(\.\d+)?$/.test(header)) return '1.0.3'
  if (/^2\.0(\.\d+)?$/.test(header)) return '2.0.0'
  throw new RalphError('INVALID_VERSION', `X-Experience-API-Version ${JSON.stringify(header)} is not supported`, {
    supported: supportedVersions
  })
}

/** What the server gives to a statement without `version` (Data §2.4.10; 2.0 §4.2.3). */
export const versionOfStatements: { readonly [version in Version]: string } = { '1.0.3': '1.0.0', '2.0.0': '2.0.0' }
