import type { Activity, ActivityDefinition, Extensions, Result, StatementRef } from '../../../xapi/statement.ts'
import { addressIn, blockIri, type Platform } from '../addresses.ts'
import type { EdxEvent } from '../event.ts'
import { textOf } from '../fields.ts'
import { asIri } from '../iri.ts'
import type { AspectsTypeName, AspectsVerbName } from './vocabulary.ts'

/** What one statement says, apart from who and when. */
export interface Said {
  readonly id: string
  readonly definition: Omit<ActivityDefinition, 'type'>
  readonly result?: Result | undefined
  /** Of the context, besides those that every statement has. */
  readonly extensions?: Extensions | undefined
  readonly grouping?: Activity | undefined
  /** Questions of a problem: a statement each, below the one of the problem. */
  readonly questions?: readonly Question[]
}

export interface Question extends Said {
  /** Its id in the event: the id of its statement is made of it. */
  readonly key: string
}

/** How events of some types become what event-routing-backends makes of them. */
export interface AspectsConversion {
  readonly events: readonly string[]
  /** Undefined: from wherever the event comes. */
  readonly source?: 'browser' | 'server'
  readonly verb: AspectsVerbName
  readonly object: AspectsTypeName
  /** What is told of it besides verb and object. */
  readonly note?: string
  /** The object is the course itself: the context does not name it again. */
  readonly isAboutCourse?: true
  readonly describe: (event: EdxEvent, platform: Platform) => Said
}

/** Statements of questions refer to that of their problem. */
export interface Parent {
  readonly object: Activity
  readonly statement: StatementRef
}

const hasScheme = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s]/

/** The course as Aspects knows it. */
export const courseIn = (platform: Platform, courseId: string): string => asIri(`${platform.url}/course/${courseId}`)

export const blockIn = blockIri

/** A key of a component is an IRI by itself since 2015; what is none becomes the address of the component. */
export const bareKey = (platform: Platform, key: string): string =>
  hasScheme.test(key) ? asIri(key) : blockIri(platform, key)

export const targetIn = addressIn

/** Seconds to the millisecond. */
export const milliseconds = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Number(seconds.toFixed(3))

export const sessionIn = ({ whole, context }: EdxEvent): string | undefined =>
  textOf(whole, 'session') ?? textOf(context, 'session')
