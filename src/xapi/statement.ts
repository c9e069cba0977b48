/**
 * The types of xAPI 1.0.3 Part Two §2 and IEEE 9274.1.1 §4, as they are after validation. Only `validation/` may claim that parsed JSON has
 * one of these types.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** A UUID as it was sent. Compare it after `normalId`, because hexadecimal digits ignore case. */
export type StatementId = string
/** RFC 3339 text. */
export type Timestamp = string
export type LanguageMap = { readonly [languageTag: string]: string }
export type Extensions = { readonly [iri: string]: Json }

export interface Account {
  readonly homePage: string
  readonly name: string
}

/** Exactly one of these identifies an Agent or a Group (Data §2.4.2.3). */
export interface InverseFunctionalIdentifier {
  readonly mbox?: string
  readonly mbox_sha1sum?: string
  readonly openid?: string
  readonly account?: Account
}

export interface Agent extends InverseFunctionalIdentifier {
  readonly objectType?: 'Agent'
  readonly name?: string
}

/** Identified if it has an inverse functional identifier. Otherwise anonymous, with `member`. */
export interface Group extends InverseFunctionalIdentifier {
  readonly objectType: 'Group'
  readonly name?: string
  readonly member?: readonly Agent[]
}

export type Actor = Agent | Group

export interface Verb {
  readonly id: string
  readonly display?: LanguageMap
}

export interface InteractionComponent {
  readonly id: string
  readonly description?: LanguageMap
}

/** The lists of an interaction Activity whose elements have an id and a language map (Data §2.4.4.1). */
export const interactionComponentLists = ['choices', 'scale', 'source', 'target', 'steps'] as const

export interface ActivityDefinition {
  readonly name?: LanguageMap
  readonly description?: LanguageMap
  readonly type?: string
  readonly moreInfo?: string
  readonly interactionType?: string
  readonly correctResponsesPattern?: readonly string[]
  readonly choices?: readonly InteractionComponent[]
  readonly scale?: readonly InteractionComponent[]
  readonly source?: readonly InteractionComponent[]
  readonly target?: readonly InteractionComponent[]
  readonly steps?: readonly InteractionComponent[]
  readonly extensions?: Extensions
}

export interface Activity {
  readonly objectType?: 'Activity'
  readonly id: string
  readonly definition?: ActivityDefinition
}

export interface StatementRef {
  readonly objectType: 'StatementRef'
  readonly id: StatementId
}

export interface Score {
  readonly scaled?: number
  readonly raw?: number
  readonly min?: number
  readonly max?: number
}

export interface Result {
  readonly score?: Score
  readonly success?: boolean
  readonly completion?: boolean
  readonly response?: string
  readonly duration?: string
  readonly extensions?: Extensions
}

export const contextActivityKinds = ['parent', 'grouping', 'category', 'other'] as const
export type ContextActivityKind = (typeof contextActivityKinds)[number]
/** A single Activity is accepted instead of an array, and returned as an array of one (Data §2.4.6.2). */
export type ContextActivities = { readonly [kind in ContextActivityKind]?: readonly Activity[] | Activity }

/** 2.0 only. */
export interface ContextAgent {
  readonly objectType: 'contextAgent'
  readonly agent: Agent
  readonly relevantTypes?: readonly string[]
}

/** 2.0 only. */
export interface ContextGroup {
  readonly objectType: 'contextGroup'
  readonly group: Group
  readonly relevantTypes?: readonly string[]
}

export interface Context {
  readonly registration?: string
  readonly instructor?: Actor
  readonly team?: Group
  readonly contextActivities?: ContextActivities
  readonly contextAgents?: readonly ContextAgent[]
  readonly contextGroups?: readonly ContextGroup[]
  readonly revision?: string
  readonly platform?: string
  readonly language?: string
  readonly statement?: StatementRef
  readonly extensions?: Extensions
}

export interface Attachment {
  readonly usageType: string
  readonly display: LanguageMap
  readonly description?: LanguageMap
  readonly contentType: string
  readonly length: number
  readonly sha2: string
  readonly fileUrl?: string
}

/** What a Statement and a SubStatement have in common. */
export interface StatementBase {
  readonly actor: Actor
  readonly verb: Verb
  readonly result?: Result
  readonly context?: Context
  readonly timestamp?: Timestamp
  readonly attachments?: readonly Attachment[]
}

export interface SubStatement extends StatementBase {
  readonly objectType: 'SubStatement'
  readonly object: Activity | Actor | StatementRef
}

export interface Statement extends StatementBase {
  readonly id?: StatementId
  readonly object: Activity | Actor | StatementRef | SubStatement
  readonly stored?: Timestamp
  readonly authority?: Actor
  readonly version?: string
}

export const voidedVerb = 'http://adlnet.gov/expapi/verbs/voided'
export const signatureUsageType = 'http://adlnet.gov/expapi/attachments/signature'

type StatementObject = Statement['object']

export const isActivity = (object: StatementObject): object is Activity =>
  object.objectType === undefined || object.objectType === 'Activity'
export const isActor = (object: StatementObject): object is Actor =>
  object.objectType === 'Agent' || object.objectType === 'Group'
export const isStatementRef = (object: StatementObject): object is StatementRef => object.objectType === 'StatementRef'
export const isSubStatement = (object: StatementObject): object is SubStatement => object.objectType === 'SubStatement'
export const isGroup = (actor: Actor): actor is Group => actor.objectType === 'Group'

/** The form of a UUID as a key. Hexadecimal digits ignore case (RFC 4122 §3). */
export const normalId = (id: string): StatementId => id.toLowerCase()

/** The normalised id that a statement refers to by its Object. Undefined for any other Object. */
export const targetOf = (statement: Statement): StatementId | undefined =>
  isStatementRef(statement.object) ? normalId(statement.object.id) : undefined

/** The id that a statement voids or would void (Data §2.3.2). Undefined if it is not a voiding statement. */
export const voids = (statement: Statement): StatementId | undefined =>
  statement.verb.id === voidedVerb ? targetOf(statement) : undefined
