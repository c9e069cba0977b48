import type { IncomingStatement, Inheritance } from '../../contracts/statement-store.ts'
import { type Statement, type StatementId, targetOf, voids } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import type { ChangedStatement, Lookup, NewStatement, PresentStatement } from './engine.ts'
import { isInheritable, type Token, tokenOf } from './tokens.ts'

/** A statement as a plan moves it about, there already or not. */
interface Node {
  readonly id: StatementId
  readonly stored: Micros
  readonly text: string
  readonly tokens: Set<Token>
  readonly target: StatementId | undefined
  readonly voiding: boolean
  voided: boolean
  /** Of a new one. */
  readonly statement: Statement | undefined
  /** Tokens that were added to one that is there. */
  readonly added: Token[]
  isVoidedNow: boolean
}

/** What a batch will write of statements, worked out from what was looked up, before anything is written. */
export interface Plan {
  /** The statement with this id, if it is there or planned. */
  statement(id: StatementId): Statement | undefined
  /** Plans a statement that is not there. */
  /** `inheritance` is told of each token before it is handed down; where it throws, nothing of the plan may be written. */
  add(incoming: IncomingStatement, stored: Micros, text: string, inheritance?: Inheritance): Yielding<void>
  /** Whether a statement was added in part. */
  isSpoilt(): boolean
  /** Hands down again what a statement that is there has and does: for one whose writer died half-way. */
  link(id: StatementId): Yielding<void>
  /** In the order in which they were added. */
  added(): Yielding<NewStatement[]>
  changed(): Yielding<ChangedStatement[]>
}

const nodeOf = (present: PresentStatement): Node => ({
  ...present,
  tokens: new Set(present.tokens),
  statement: undefined,
  added: [],
  isVoidedNow: false
})

/** Ids that must be looked up before these statements can be planned: their own, and those of what they target. */
export const idsToLookUp = (statements: Iterable<Pick<IncomingStatement, 'id' | 'statement'>>): Set<StatementId> => {
  const ids = new Set<StatementId>()
  for (const { id, statement } of statements) {
    ids.add(id)
    const target = targetOf(statement)
    if (target !== undefined) ids.add(target)
  }
  return ids
}

/**
 * Looks up ids, and all that refers to them directly or not: those statements inherit what the ids' statements say
 * (Communication §2.1.3, "Filter Conditions for StatementRefs"). `unfinished` are looked up with what they target.
 */
export const lookUpAll = async (
  ids: Iterable<StatementId>,
  lookUp: (ids: readonly StatementId[]) => Promise<Lookup>,
  unfinished: Iterable<StatementId> = [],
  /** Told how many more are about to be looked up. */
  expect: (referrers: number) => void = () => {}
): Promise<Lookup> => {
  const halfDone = new Set(unfinished)
  const present = new Map<StatementId, PresentStatement>()
  const referrers = new Map<StatementId, readonly StatementId[]>()
  const seen = new Set([...ids, ...halfDone])
  let next = [...seen]
  while (next.length > 0) {
    const found = await lookUp(next)
    const more = new Set<StatementId>()
    for (const [id, statement] of found.present) {
      present.set(id, statement)
      // Of others the target is known, or they have what they inherit from it.
      const { target } = statement
      if (target !== undefined && halfDone.has(id) && !seen.has(target)) more.add(target)
    }
    for (const [id, all] of found.referrers) {
      referrers.set(id, all)
      for (const referrer of all) if (!seen.has(referrer)) more.add(referrer)
    }
    expect(more.size)
    for (const id of more) seen.add(id)
    next = [...more]
  }
  return { present, referrers }
}

export const createPlan = (found: Lookup): Plan => {
  const nodes = new Map<StatementId, Node>()
  for (const [id, present] of found.present) nodes.set(id, nodeOf(present))
  const referrers = new Map<StatementId, StatementId[]>()
  for (const [id, all] of found.referrers) referrers.set(id, [...all])
  const added: Node[] = []
  let isSpoilt = false

  const take = (inheritance: Inheritance | undefined, tokens: readonly Token[]): void => {
    isSpoilt = true
    inheritance?.take(tokens.length)
    isSpoilt = false
  }

  const referrersOf = (id: StatementId): Node[] =>
    (referrers.get(id) ?? []).map((referrer) => nodes.get(referrer)).filter((node) => node !== undefined)

  /** Returns those that it had not. */
  const inherit = (node: Node, tokens: readonly Token[], inheritance: Inheritance | undefined): Token[] => {
    take(inheritance, tokens)
    const news = tokens.filter((token) => !node.tokens.has(token))
    for (const token of news) node.tokens.add(token)
    if (node.statement === undefined) node.added.push(...news)
    return news
  }

  /** A referrer has whatever its target has: where nothing is new there is nothing to hand on. This ends circles. */
  const handDown = function* (node: Node, inheritance: Inheritance | undefined): Yielding<void> {
    const waiting = [{ node, tokens: [...node.tokens].filter(isInheritable) }]
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      for (const referrer of referrersOf(next.node.id)) {
        const news = inherit(referrer, next.tokens, inheritance)
        if (news.length > 0) waiting.push({ node: referrer, tokens: news })
        yield
      }
    }
  }

  /** A voiding statement is never voided (Data §2.3.2). */
  const voidNode = (node: Node | undefined): void => {
    if (node === undefined || node.voiding || node.voided) return
    node.voided = true
    node.isVoidedNow = true
  }

  const linkNode = function* (node: Node, inheritance?: Inheritance): Yielding<void> {
    const target = node.target === undefined ? undefined : nodes.get(node.target)
    if (target !== undefined) inherit(node, [...target.tokens].filter(isInheritable), inheritance)
    if (node.voiding) voidNode(target)
    if (referrersOf(node.id).some(({ voiding }) => voiding)) voidNode(node)
    yield* handDown(node, inheritance)
    yield
  }

  return {
    statement: (id) => {
      const node = nodes.get(id)
      // What is there was validated before it was stored.
      return node && (node.statement ?? (JSON.parse(node.text) as Statement))
    },
    isSpoilt: () => isSpoilt,
    add: function* ({ id, statement }, stored, text, inheritance) {
      const tokens = new Set<Token>()
      for (const term of inheritableTerms(statement)) tokens.add(tokenOf(term))
      for (const term of ownTerms(statement)) tokens.add(tokenOf(term))
      const target = targetOf(statement)
      const voiding = voids(statement) !== undefined
      const node = {
        id,
        stored,
        text,
        tokens,
        target,
        voiding,
        voided: false,
        statement,
        added: [],
        isVoidedNow: false
      }
      nodes.set(id, node)
      added.push(node)
      if (target !== undefined) {
        const others = referrers.get(target)
        if (others === undefined) referrers.set(target, [id])
        else others.push(id)
      }
      yield* linkNode(node, inheritance)
    },
    link: function* (id) {
      const node = nodes.get(id)
      if (node !== undefined) yield* linkNode(node)
    },
    added: function* () {
      const all: NewStatement[] = []
      for (const { id, stored, text, tokens, target, voiding, voided, statement } of added) {
        all.push({
          id,
          stored,
          text,
          tokens: [...tokens],
          target,
          voiding,
          voided,
          // Only new ones are in this list.
          statement: statement as Statement
        })
        yield
      }
      return all
    },
    changed: function* () {
      const changed: ChangedStatement[] = []
      for (const { id, stored, statement, added, tokens, voided, isVoidedNow } of nodes.values()) {
        yield
        if (statement !== undefined || (added.length === 0 && !isVoidedNow)) continue
        changed.push({ id, stored, added, tokens: [...tokens], voided })
      }
      return changed
    }
  }
}
