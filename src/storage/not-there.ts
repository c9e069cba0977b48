import { RalphError } from '../errors.ts'

/** The error for something that must exist before it is opened. `what` names it. */
export const notThere = (what: string): RalphError =>
  new RalphError('NOT_FOUND', `${what} does not exist: is its name right? Nothing was created`)
