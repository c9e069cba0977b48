import type { Clock } from '../../contracts/clock.ts'
import type {
  AttachmentContent,
  CallOptions,
  IncomingStatement,
  Inheritance,
  InsertReport,
  StatementBatch,
  StoredStatement
} from '../../contracts/statement-store.ts'
import type { Rewriting } from '../../contracts/store-rewriting.ts'
import { marksOf } from '../../xapi/attachments.ts'
import type { Statement } from '../../xapi/statement.ts'
import { formatMicros, type Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import { separateKnown } from '../known-statements.ts'
import type { DescribingStatement } from './merge-metadata.ts'
import type { Plan } from './plan.ts'

/** What one call adds to a batch. */
export interface Job {
  /** The ids to look up come from these. */
  readonly statements: readonly Pick<IncomingStatement, 'id' | 'statement'>[]
  readonly attachments: readonly AttachmentContent[]
  readonly signal: AbortSignal | undefined
  /** As in `StatementBatch`. */
  readonly apart?: boolean
  readonly inheritance?: Inheritance | undefined
  /** Its statements take the place of present ones. */
  readonly rewriting?: Rewriting
  /** Adds the new statements to the plan. A `RalphError` is thrown before anything was added, and refuses only this job. */
  plan(plan: Plan, times: Times): Yielding<Planned>
}

/** What a job has added to a plan. */
interface Planned {
  readonly report: InsertReport
  readonly describing: readonly DescribingStatement[]
  /** Besides the attachments of the job. */
  readonly marks?: readonly AttachmentContent[]
}

/** The times of a batch. */
export interface Times {
  next(): Micros
  /** No later call returns a time up to and including this one. */
  passed(time: Micros): void
}

const nothing: InsertReport = { inserted: [], already: [] }

export const insertJob = (
  { statements, attachments, define, apart = false, ownOnly, inheritance }: StatementBatch,
  { signal }: CallOptions
): Job => ({
  statements,
  attachments,
  signal,
  apart,
  inheritance,
  plan: function* (plan, times) {
    const { fresh, already } = yield* separateKnown(statements, plan.statement, ownOnly)
    const describing: DescribingStatement[] = []
    for (const incoming of fresh) {
      const stored = times.next()
      yield* plan.add(incoming, stored, incoming.textAt(formatMicros(stored)), inheritance)
      if (define) describing.push({ statement: incoming.statement, stored, apart })
    }
    return { report: { inserted: fresh.map(({ id }) => id), already }, describing, marks: marksOf(fresh) }
  }
})

export const restoreJob = (
  restored: readonly StoredStatement[],
  attachments: readonly AttachmentContent[],
  { signal, define = true }: CallOptions & { readonly define?: boolean }
): Job => {
  const statements = restored.map(({ id, stored, text }) => ({
    id,
    stored,
    // It was validated before it was stored elsewhere.
    statement: JSON.parse(text) as Statement,
    textAt: () => text
  }))
  return {
    statements,
    attachments,
    signal,
    plan: function* (plan, times) {
      const inserted: string[] = []
      const already: string[] = []
      for (const each of statements) {
        times.passed(each.stored)
        if (plan.statement(each.id) === undefined) {
          yield* plan.add(each, each.stored, each.textAt())
          inserted.push(each.id)
        } else {
          // Its writer may have died before it was linked.
          yield* plan.link(each.id)
          already.push(each.id)
        }
      }
      return {
        report: { inserted, already },
        describing: define ? statements.map((each) => ({ ...each, apart: false })) : []
      }
    }
  }
}

/** Stores what a rewriting keeps, when all that it removes and rewrites is out of the plan. */
export const rewriteJob = (rewriting: Rewriting, options: CallOptions): Job => ({
  ...restoreJob(rewriting.rewritten, [], { ...options, define: false }),
  rewriting
})

/** A job that writes only the time. */
export const timeJob = (clock: Clock): Job => ({
  statements: [],
  attachments: [],
  signal: undefined,
  // biome-ignore lint/correctness/useYield: nothing here takes time
  plan: function* (_, times) {
    times.passed(clock())
    return { report: nothing, describing: [] }
  }
})

export const createTimes = (clock: Clock, last: Micros): Times & { readonly last: () => Micros } => {
  let latest = last
  return {
    next: () => {
      latest = Math.max(clock(), latest + 1)
      return latest
    },
    passed: (time) => {
      latest = Math.max(latest, time)
    },
    last: () => latest
  }
}
