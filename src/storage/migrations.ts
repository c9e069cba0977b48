import { type ErrorDetails, RalphError } from '../errors.ts'

/** One step of a schema. */
export interface Migration<Up> {
  /** Counted from 1; what a database has gone through is the number of its last step. */
  readonly version: number
  readonly up: Up
}

/**
 * The steps that a database has still to go through, in order. `STORE_CORRUPT` when it has gone through more than this
 * version of Ralph knows: it is left as it is.
 *
 * Whoever asks holds what keeps every other process from migrating the same database, and holds it until the steps are
 * recorded as done (a transaction, an advisory lock, the right to write): of several servers that start together one
 * goes through the steps, and the others find none left.
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
