import type { IncomingStatement, Inheritance } from '../../contracts/statement-store.ts'
import { type Statement, type StatementId, targetOf, voids } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import type { ChangedStatement, Lookup, NewStatement, PresentStatement } from './engine.ts'
import { isInheritable, type Token, tokenOf } from './tokens.ts'

/** A statement in a plan, stored already or new. */
interface Node {
  readonly id: StatementId
  readonly stored: Micros
  readonly text: string
  readonly tokens: Set<Token>
  readonly target: StatementId | undefined
  readonly voiding: boolean
  voided: boolean
  /** Only for a new statement. */
  readonly statement: Statement | undefined
  /** Tokens that were added to a stored statement. */
  readonly added: Token[]
  isVoidedNow: boolean
}

/** What a batch will write, computed from what was looked up, before anything is written. */
export interface Plan {
  /** The statement with this id, if it is stored or planned. */
  statement(id: StatementId): Statement | undefined
  /** Plans a new statement. */
  /** `inheritance` is told of each token before it is inherited. If it throws, nothing of the plan may be written. */
  add(incoming: IncomingStatement, stored: Micros, text: string, inheritance?: Inheritance): Yielding<void>
  /** Whether a statement was added in part. */
  isSpoilt(): boolean
  /** Repeats what follows from a stored statement: inherited tokens, and voiding. For a statement whose writer died before that. */
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

/** The ids that must be looked up before these statements can be planned: their own, and those of their targets. */
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
 * Looks up ids, and all statements that refer to them directly or not, because those inherit the terms of the ids' statements
 * (Communication §2.1.3, "Filter Conditions for StatementRefs"). `unfinished` are looked up with their targets.
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
      // For other statements the target is known, or they already have what they inherit from it.
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

/** What was looked up, without some statements. */
export const withoutStatements = ({ present, referrers }: Lookup, ids: ReadonlySet<StatementId>): Lookup => ({
  present: new Map([...present].filter(([id]) => !ids.has(id))),
  referrers: new Map([...referrers].map(([id, all]) => [id, all.filter((each) => !ids.has(each))]))
})

/** The statements of a plan, and who refers to whom. Linking a statement voids, and hands tokens to its referrers. */
const createGraph = (found: Lookup) => {
  const nodes = new Map<StatementId, Node>()
  for (const [id, present] of found.present) nodes.set(id, nodeOf(present))
  const referrers = new Map<StatementId, StatementId[]>()
  for (const [id, all] of found.referrers) referrers.set(id, [...all])
  let isSpoilt = false

  const take = (inheritance: Inheritance | undefined, tokens: readonly Token[]): void => {
    isSpoilt = true
    inheritance?.take(tokens.length)
    isSpoilt = false
  }

  const referrersOf = (id: StatementId): Node[] =>
    (referrers.get(id) ?? []).map((referrer) => nodes.get(referrer)).filter((node) => node !== undefined)

  /** Returns the tokens that it did not have. */
  const inherit = (node: Node, tokens: readonly Token[], inheritance: Inheritance | undefined): Token[] => {
    take(inheritance, tokens)
    const news = tokens.filter((token) => !node.tokens.has(token))
    for (const token of news) node.tokens.add(token)
    if (node.statement === undefined) node.added.push(...news)
    return news
  }

  /** A referrer always has what its target has. If nothing is new, nothing is passed on. So a circle of references ends. */
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
    nodes,
    link: linkNode,
    isSpoilt: (): boolean => isSpoilt,
    insert: (node: Node): void => {
      nodes.set(node.id, node)
      if (node.target === undefined) return
      const others = referrers.get(node.target)
      if (others === undefined) referrers.set(node.target, [node.id])
      else others.push(node.id)
    }
  }
}

/** A statement that is not stored yet. */
const newNode = ({ id, statement }: IncomingStatement, stored: Micros, text: string): Node => {
  const tokens = new Set<Token>()
  for (const term of inheritableTerms(statement)) tokens.add(tokenOf(term))
  for (const term of ownTerms(statement)) tokens.add(tokenOf(term))
  return {
    id,
    stored,
    text,
    tokens,
    target: targetOf(statement),
    voiding: voids(statement) !== undefined,
    voided: false,
    statement,
    added: [],
    isVoidedNow: false
  }
}

export const createPlan = (found: Lookup): Plan => {
  const graph = createGraph(found)
  const { nodes } = graph
  const added: Node[] = []

  return {
    statement: (id) => {
      const node = nodes.get(id)
      // A stored statement was validated before.
      return node && (node.statement ?? (JSON.parse(node.text) as Statement))
    },
    isSpoilt: graph.isSpoilt,
    add: function* (incoming, stored, text, inheritance) {
      const node = newNode(incoming, stored, text)
      graph.insert(node)
      added.push(node)
      yield* graph.link(node, inheritance)
    },
    link: function* (id) {
      const node = nodes.get(id)
      if (node !== undefined) yield* graph.link(node)
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
          // This list has only new ones.
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
