import type { Agent, Group, Statement, StatementBase, StatementId } from '../xapi/statement.ts'
import type { Version } from '../xapi/version.ts'
import type { Course, Module } from './courses.ts'
import type { Learner } from './people.ts'
import type { Random } from './random.ts'

/** One learner at one module, for some minutes or hours. */
export interface Visit {
  readonly random: Random
  readonly version: Version
  readonly learner: Learner
  readonly instructor: Agent
  readonly team: Group
  readonly course: Course
  readonly module: Module
  /** The learner's enrolment in the course. */
  readonly registration: string
  /** Statements told before, the newest among them, that a StatementRef may name. */
  readonly earlier: () => Earlier | undefined
}

export interface Earlier {
  readonly id: StatementId
  /** A voiding statement cannot be voided (Data §2.3.2). */
  readonly voidable: boolean
}

/** What happens next in a visit: all of a Statement but what every Statement has. */
export interface Deed extends Omit<StatementBase, 'actor' | 'timestamp'> {
  /** Seconds since what happened before. */
  readonly after: number
  /** Who did it, where it was not the learner. */
  readonly actor?: Statement['actor']
  readonly object: Statement['object']
}

export type Deeds = Generator<Deed, void, undefined>

/** As an Object, an Agent has to say that it is one (Data §2.4.4). */
export const asObject = (agent: Agent): Agent => ({ ...agent, objectType: 'Agent' })
