import type { StatementQuery } from '../../src/xapi/filters.ts'
import { identifierKey } from '../../src/xapi/identifier.ts'
import type {
  Activity,
  Actor,
  Context,
  InverseFunctionalIdentifier,
  Statement,
  StatementId,
  SubStatement
} from '../../src/xapi/statement.ts'
import type { Micros } from '../../src/xapi/timestamp.ts'

/** The query of a client, before anything of it was turned into keys. */
export interface Question extends Omit<StatementQuery, 'agent' | 'authority' | 'ascending' | 'limit'> {
  readonly agent?: InverseFunctionalIdentifier
  readonly authority?: InverseFunctionalIdentifier
  readonly ascending?: boolean
  readonly limit?: number
}

const keyOf = (actor: InverseFunctionalIdentifier): string => {
  const key = identifierKey(actor)
  if (key === undefined) throw new TypeError('a question needs an identified agent')
  return key
}

/** The same question as a store is asked it. */
export const asQuery = ({ agent, authority, registration, ...rest }: Question): StatementQuery => ({
  ascending: false,
  limit: 1000,
  ...rest,
  ...(registration === undefined ? {} : { registration: registration.toLowerCase() }),
  ...(agent === undefined ? {} : { agent: keyOf(agent) }),
  ...(authority === undefined ? {} : { authority: keyOf(authority) })
})

/** Ruling 1: same kind of identifier, equal values; of an mbox the domain has no case. */
const sameIdentity = (one: InverseFunctionalIdentifier, other: InverseFunctionalIdentifier): boolean => {
  if (one.mbox !== undefined && other.mbox !== undefined) {
    const [local, domain = ''] = one.mbox.split('@')
    const [otherLocal, otherDomain = ''] = other.mbox.split('@')
    return local === otherLocal && domain.toLowerCase() === otherDomain.toLowerCase()
  }
  if (one.mbox_sha1sum !== undefined && other.mbox_sha1sum !== undefined) {
    return one.mbox_sha1sum.toLowerCase() === other.mbox_sha1sum.toLowerCase()
  }
  if (one.openid !== undefined && other.openid !== undefined) return one.openid === other.openid
  if (one.account !== undefined && other.account !== undefined) {
    return one.account.homePage === other.account.homePage && one.account.name === other.account.name
  }
  return false
}

const isActor = (object: { readonly objectType?: string }): object is Actor =>
  object.objectType === 'Agent' || object.objectType === 'Group'
const isActivity = (object: { readonly objectType?: string }): object is Activity =>
  (object.objectType ?? 'Activity') === 'Activity'
const isSubStatement = (object: { readonly objectType?: string }): object is SubStatement =>
  object.objectType === 'SubStatement'

/** An Agent or Group that has the identifier, or a Group with such a member. */
const isOrHasMember = (actor: Actor | undefined, wanted: InverseFunctionalIdentifier): boolean =>
  actor !== undefined &&
  (sameIdentity(actor, wanted) ||
    ('member' in actor && (actor.member ?? []).some((member) => sameIdentity(member, wanted))))

const contextHasAgent = (context: Context | undefined, wanted: InverseFunctionalIdentifier): boolean =>
  isOrHasMember(context?.instructor, wanted) ||
  isOrHasMember(context?.team, wanted) ||
  (context?.contextAgents ?? []).some(({ agent }) => isOrHasMember(agent, wanted)) ||
  (context?.contextGroups ?? []).some(({ group }) => isOrHasMember(group, wanted))

const hasAgent = ({ actor, object }: Statement | SubStatement, wanted: InverseFunctionalIdentifier): boolean =>
  isOrHasMember(actor, wanted) || (isActor(object) && isOrHasMember(object, wanted))

/** Ruling 3. */
const hasRelatedAgent = (statement: Statement, wanted: InverseFunctionalIdentifier): boolean =>
  hasAgent(statement, wanted) ||
  isOrHasMember(statement.authority, wanted) ||
  contextHasAgent(statement.context, wanted) ||
  (isSubStatement(statement.object) &&
    (hasAgent(statement.object, wanted) || contextHasAgent(statement.object.context, wanted)))

const hasActivity = ({ object }: Statement | SubStatement, iri: string): boolean =>
  isActivity(object) && object.id === iri

const contextHasActivity = (context: Context | undefined, iri: string): boolean => {
  const { parent = [], grouping = [], category = [], other = [] } = context?.contextActivities ?? {}
  return [parent, grouping, category, other].flat().some(({ id }) => id === iri)
}

/** Ruling 4. */
const hasRelatedActivity = (statement: Statement, iri: string): boolean =>
  hasActivity(statement, iri) ||
  contextHasActivity(statement.context, iri) ||
  (isSubStatement(statement.object) &&
    (hasActivity(statement.object, iri) || contextHasActivity(statement.object.context, iri)))

interface Kept {
  readonly id: StatementId
  readonly statement: Statement
  stored: Micros
}

const targetOf = ({ object }: Statement): StatementId | undefined =>
  object.objectType === 'StatementRef' ? object.id.toLowerCase() : undefined

const isVoiding = ({ verb, object }: Statement): boolean =>
  verb.id === 'http://adlnet.gov/expapi/verbs/voided' && object.objectType === 'StatementRef'

/**
 * What a store must answer, read from the specification as directly as can be: an array and conditions written by hand
 * after rulings 1 to 6, 9 and 10 of `test/rulings.md`. It shares nothing with how stores find statements, so that it can
 * be their judge.
 */
export interface Oracle {
  /** Undefined: the batch is refused. Batches of a test hold either the same statement or clearly another one. */
  insert(statements: readonly Statement[]): { inserted: StatementId[]; already: StatementId[] } | undefined
  /** The store alone knows when it stored a statement. */
  setStored(id: StatementId, stored: Micros): void
  find(id: StatementId, wanted: { readonly voided: boolean }): Statement | undefined
  /** All ids that match, in order, however many; `limit` is left to the caller. */
  query(question: Question): StatementId[]
  ids(): StatementId[]
}

export const createOracle = (): Oracle => {
  const kept: Kept[] = []
  const at = (id: StatementId | undefined): Kept | undefined => kept.find((each) => each.id === id)

  /** Ruling 10: a voiding statement is never voided. */
  const isVoided = ({ id, statement }: Kept): boolean =>
    !isVoiding(statement) && kept.some((other) => isVoiding(other.statement) && targetOf(other.statement) === id)

  /** Ruling 5: met by the statement, or by what it targets, recursively, circles included. */
  const meets = (start: Kept, condition: (statement: Statement) => boolean): boolean => {
    const seen = new Set<Kept>()
    for (let one: Kept | undefined = start; one !== undefined && !seen.has(one); one = at(targetOf(one.statement))) {
      if (condition(one.statement)) return true
      seen.add(one)
    }
    return false
  }

  const matches = (one: Kept, question: Question): boolean => {
    const { agent, activity, verb, registration, authority, since, until } = question
    const conditions: ((statement: Statement) => boolean)[] = []
    if (agent) conditions.push((s) => (question.relatedAgents ? hasRelatedAgent(s, agent) : hasAgent(s, agent)))
    if (verb !== undefined) conditions.push((s) => s.verb.id === verb)
    if (activity !== undefined) {
      conditions.push((s) => (question.relatedActivities ? hasRelatedActivity(s, activity) : hasActivity(s, activity)))
    }
    if (registration !== undefined) {
      conditions.push((s) => s.context?.registration?.toLowerCase() === registration.toLowerCase())
    }
    return (
      !isVoided(one) &&
      conditions.every((condition) => meets(one, condition)) &&
      (authority === undefined || isOrHasMember(one.statement.authority, authority)) &&
      (since === undefined || one.stored > since) &&
      (until === undefined || one.stored <= until)
    )
  }

  const isAfter = (one: Kept, { after, ascending }: Question): boolean => {
    if (after === undefined) return true
    const order = one.stored - after.stored || (one.id < after.id ? -1 : one.id === after.id ? 0 : 1)
    return ascending ? order > 0 : order < 0
  }

  return {
    insert: (statements) => {
      const inserted: StatementId[] = []
      const already: StatementId[] = []
      const fresh: Kept[] = []
      for (const statement of statements) {
        const id = (statement.id ?? '').toLowerCase()
        const present = at(id)
        if (present === undefined) {
          fresh.push({ id, statement, stored: Number.NaN })
          inserted.push(id)
        } else if (JSON.stringify(present.statement) === JSON.stringify(statement)) already.push(id)
        else return undefined
      }
      kept.push(...fresh)
      return { inserted, already }
    },
    setStored: (id, stored) => {
      const one = at(id)
      if (one !== undefined) one.stored = stored
    },
    find: (id, { voided }) => {
      const one = at(id)
      return one !== undefined && isVoided(one) === voided ? one.statement : undefined
    },
    query: (question) => {
      const found = kept.filter((one) => matches(one, question) && isAfter(one, question)).map(({ id }) => id)
      return question.ascending ? found : found.reverse()
    },
    ids: () => kept.map(({ id }) => id)
  }
}
