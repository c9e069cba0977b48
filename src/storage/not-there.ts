import { RalphError } from '../errors.ts'

/** What was to be opened as it is must be made first, and was not made. `what` names the place. */
export const notThere = (what: string): RalphError =>
  new RalphError('NOT_FOUND', `${what} is not there: is its name right? Nothing was made`)
