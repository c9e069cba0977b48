import type { Log } from '../contracts/log.ts'
import type { BadLine } from '../toolbox/records.ts'

/** More would hide what else there is to see. */
const mostShown = 50

/** Says which lines are rejected, and why: the first ones, and all of them at DEBUG. */
export const createRejectLog = (log: Log): ((bad: Pick<BadLine, 'line' | 'reason'>) => void) => {
  let count = 0
  return ({ line, reason }) => {
    count += 1
    const message = `line ${line} ${reason}`
    if (count <= mostShown) log.error(message)
    else log.debug(message)
    if (count === mostShown + 1) {
      log.warn(`more than ${mostShown} lines are rejected: only counted from here on; --report FILE keeps them all`)
    }
  }
}
