import { type ErrorDetails, RalphError } from '../errors.ts'

/** One step of a schema. */
export interface Migration<Up> {
  /** Counted from 1. A database records the number of the last step that it has gone through. */
  readonly version: number
  readonly up: Up
}

/**
 * The steps that a database still lacks, in order. Throws `STORE_CORRUPT` if it has gone through more steps than this version of Ralph
 * knows; the database stays as it is.
 *
 * The caller holds a lock (a transaction, an advisory lock, the right to write) until the steps are recorded as done. So when several
 * servers start together, one goes through the steps, and the others find that none is missing.
 */
export const missingMigrations = <Up>(
  steps: readonly Up[],
  version: number,
  place: { readonly name: string; readonly details?: ErrorDetails }
): readonly Migration<Up>[] => {
  if (version > steps.length) {
    throw new RalphError(
      'STORE_CORRUPT',
      `${place.name} was written by a newer version of Ralph (step ${version}, this one knows ${steps.length}): upgrade Ralph`,
      { ...place.details, version }
    )
  }
  return steps.map((up, index) => ({ version: index + 1, up })).slice(version)
}
