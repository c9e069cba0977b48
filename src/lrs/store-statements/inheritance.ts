import type { Inheritance } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'

const setting = 'RALPH_RUNSERVER_MAX_INHERITED_TERMS'

const tooMuch = (limit: number): RalphError =>
  new RalphError(
    'INVALID_STATEMENT',
    `The statements of this request inherit more than the ${limit} terms of ${setting} by StatementRefs: ` +
      'send them in several requests, or refer to less.',
    { limit, setting }
  )

/** Limits the terms that one request inherits. Each of its batches is counted separately. */
export const boundInheritance = (limit: number): (() => Inheritance) => {
  let taken = 0
  return () => {
    let own = 0
    return {
      begin: () => {
        taken -= own
        own = 0
      },
      take: (terms) => {
        own += terms
        taken += terms
        if (taken <= limit) return
        // A refused statement inherits nothing. The statements before it may be stored again, each by itself, and must still fit.
        taken -= own
        own = 0
        throw tooMuch(limit)
      }
    }
  }
}
