import type { DocumentKey } from '../contracts/document-store.ts'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import type { CallOptions } from '../contracts/statement-store.ts'
import { namedDigests } from '../xapi/attachments.ts'
import { type Statement, type StatementId, targetOf } from '../xapi/statement.ts'
import { mayConcern, type WantedLearner } from './learner.ts'
import { everyDocument, statementPages } from './pages.ts'
import { isNamedInBytes, type Role, rolesOf } from './roles.ts'

/** Where a store keeps something of a learner. */
export interface LearnerReport {
  /** So many statements were looked at. */
  readonly searched: number
  /** So many name the learner, each counted once. */
  readonly statements: number
  /** By what the learner is in them. A statement may count under several. */
  readonly as: { readonly [role in Role]: number }
  /** Statements that refer to those by a StatementRef, without naming the learner themselves. */
  readonly references: number
  readonly documents: {
    readonly state: number
    readonly agentProfile: number
    /** Documents of others, or of an Activity, that name the learner. */
    readonly mentioning: number
  }
  readonly attachments: {
    /** Named by those statements. */
    readonly named: number
    /** Of these: named by no other statement. */
    readonly onlyTheirs: number
  }
  /** The names under which the store knows the learner. */
  readonly names: readonly string[]
  /** Dead letters of forwardings that are those statements. */
  readonly deadLetters: number
}

export interface FindOptions extends CallOptions {
  /** Called with the number of statements that were looked at so far. */
  readonly onProgress?: (searched: number) => void
}

/** Whether a document is the learner's own. */
export const isDocumentOf = (key: DocumentKey, { keys }: WantedLearner): boolean =>
  key.kind !== 'activity-profile' && keys.has(key.agent)

/** The dead letter of a forwarding, under the id of its statement (forwarding/records.ts). */
export const isDeadLetter = (key: DocumentKey): boolean =>
  key.kind === 'activity-profile' && key.activity.startsWith('refused-by/')

/** What a walk over all statements finds. */
interface Walk {
  searched: number
  readonly ids: Set<StatementId>
  readonly as: Record<Role, number>
  /** Statements that name nobody, by their targets. */
  readonly referring: Map<StatementId, StatementId[]>
  readonly digests: Set<string>
  readonly elsewhere: Set<string>
}

const walkStatements = async (store: LrsStore, learner: WantedLearner, options: FindOptions): Promise<Walk> => {
  const as = { actor: 0, object: 0, member: 0, authority: 0, context: 0, text: 0 }
  const walk: Walk = {
    ...{ searched: 0, ids: new Set(), as },
    ...{ referring: new Map(), digests: new Set(), elsewhere: new Set() }
  }
  for await (const page of statementPages(store, options)) {
    for (const { id, text } of page) {
      const found = rolesOf(text, learner)
      for (const role of found) walk.as[role] += 1
      if (found.size > 0) walk.ids.add(id)
      const to = found.size > 0 ? walk.digests : walk.elsewhere
      if (text.includes('"sha2"')) for (const digest of namedDigests(JSON.parse(text))) to.add(digest)
      if (found.size > 0 || !text.includes('"StatementRef"')) continue
      // It was validated before it was stored.
      const target = targetOf(JSON.parse(text) as Statement)
      if (target !== undefined) walk.referring.set(target, [...(walk.referring.get(target) ?? []), id])
    }
    walk.searched += page.length
    options.onProgress?.(walk.searched)
  }
  return walk
}

/** The statements that refer to some, directly or not. They are found by what those are found by. */
export const referrersOf = (
  ids: Iterable<StatementId>,
  referring: ReadonlyMap<StatementId, readonly StatementId[]>
): ReadonlySet<StatementId> => {
  const found = new Set<StatementId>()
  const waiting = [...ids]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const id of referring.get(next) ?? []) {
      if (found.has(id)) continue
      found.add(id)
      waiting.push(id)
    }
  }
  return found
}

const countDocuments = async (
  store: LrsStore,
  learner: WantedLearner,
  ids: ReadonlySet<StatementId>,
  options: CallOptions
): Promise<Pick<LearnerReport, 'documents' | 'deadLetters'>> => {
  const documents = { state: 0, agentProfile: 0, mentioning: 0 }
  let deadLetters = 0
  for await (const { key, document } of everyDocument(store, options)) {
    if (isDeadLetter(key) && ids.has(key.id)) deadLetters += 1
    else if (isDocumentOf(key, learner)) documents[key.kind === 'state' ? 'state' : 'agentProfile'] += 1
    else if (mayConcern(key.id, learner) || isNamedInBytes(document.content, learner)) documents.mentioning += 1
  }
  return { documents, deadLetters }
}

/** Looks through a whole store. Nothing is changed. */
export const findLearner = async (
  store: LrsStore,
  learner: WantedLearner,
  options: FindOptions = {}
): Promise<LearnerReport> => {
  const { searched, ids, as, referring, digests, elsewhere } = await walkStatements(store, learner, options)
  const names = new Set<string>()
  for (const key of learner.keys) for (const name of await store.statements.agentNames(key, options)) names.add(name)
  const counted = await countDocuments(store, learner, ids, options)
  return {
    searched,
    statements: ids.size,
    as,
    references: referrersOf(ids, referring).size,
    ...counted,
    attachments: {
      named: digests.size,
      onlyTheirs: [...digests].filter((digest) => !elsewhere.has(digest)).length
    },
    names: [...names].sort()
  }
}
