import type { Inheritance } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'

const setting = 'RALPH_RUNSERVER_MAX_INHERITED_TERMS'

const tooMuch = (limit: number): RalphError =>
  new RalphError(
    'INVALID_STATEMENT',
    `By their StatementRefs the statements of this request take over more than the ${limit} terms of ${setting}: ` +
      'send them in several requests, or refer to less.',
    { limit, setting }
  )

/** Bounds the terms that one request inherits. Each of its batches has a share of its own. */
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
        // What is refused takes nothing over: those before it may be stored again, each by itself, and must still fit.
        taken -= own
        own = 0
        throw tooMuch(limit)
      }
    }
  }
}
