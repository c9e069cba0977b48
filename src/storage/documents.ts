import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type {
  DocumentContent,
  DocumentKey,
  DocumentScope,
  DocumentStore,
  StoredDocument
} from '../contracts/document-store.ts'
import type { IncreasingClock } from '../durability/increasing-clock.ts'
import { RalphError } from '../errors.ts'
import type { Micros } from '../xapi/timestamp.ts'
import { inTurns } from './batching/group-commit.ts'
import { etagInSteps } from './etag-in-steps.ts'

/** A document, and the version by which the engine knows whether it has changed. */
export interface Versioned<Version> {
  readonly document: StoredDocument
  readonly version: Version
}

/** What an engine does with documents that several servers may change, without transactions. */
export interface DocumentPort<Version> {
  /** The same text for the same key, and a different one for every other key. */
  placeOf(key: DocumentKey): string
  read(key: DocumentKey, signal?: AbortSignal): Promise<Versioned<Version> | undefined>
  /**
   * Writes `next` durably if the stored document is still `present` (undefined: there is none). Returns the document as it was written,
   * because an engine may move `updated`. False: another change came first, and nothing was written.
   */
  put(key: DocumentKey, next: StoredDocument, present: Version | undefined): Promise<StoredDocument | false>
  /** Removes it durably if the stored document is still `present`. False: another change came first. */
  remove(key: DocumentKey, present: Version): Promise<boolean>
  /** In any order. An id with several registrations may come more than once. */
  ids(scope: DocumentScope, since: Micros | undefined, signal?: AbortSignal): Promise<readonly string[]>
  clear(scope: DocumentScope, signal?: AbortSignal): Promise<void>
}

/** The most attempts to change one document while others change it too. */
const attempts = 50

/** Runs jobs with the same key one after the other, so that those of one process do not compete for a document. */
const createKeyedQueue = () => {
  const tails = new Map<string, Promise<unknown>>()
  return async <Result>(key: string, job: () => Promise<Result>): Promise<Result> => {
    const before = tails.get(key)
    const own = before === undefined ? job() : before.then(job, job)
    tails.set(key, own)
    try {
      return await own
    } finally {
      if (tails.get(key) === own) tails.delete(key)
    }
  }
}

/** `DocumentStore` for an engine that can compare and set one document. */
export const createDocumentStore = <Version>(port: DocumentPort<Version>, times: IncreasingClock): DocumentStore => {
  const inTurn = createKeyedQueue()

  const replace = async (
    key: DocumentKey,
    next: DocumentContent | undefined,
    present: Versioned<Version> | undefined
  ): Promise<StoredDocument | undefined | false> => {
    if (next === undefined) {
      return present === undefined || (await port.remove(key, present.version)) ? undefined : false
    }
    // The clock of another server may be ahead of ours.
    if (present !== undefined) times.passed(present.document.updated)
    const { content, contentType } = next
    const etag = await inTurns(etagInSteps(content))
    return port.put(key, { content, contentType, etag, updated: times.next() }, present?.version)
  }

  const changeNow = async (
    key: DocumentKey,
    change: (present: StoredDocument | undefined) => DocumentContent | undefined,
    signal: AbortSignal | undefined
  ): Promise<StoredDocument | undefined> => {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      signal?.throwIfAborted()
      const present = await port.read(key)
      const next = change(present?.document)
      if (next === present?.document) return present?.document
      const replaced = await replace(key, next, present)
      if (replaced !== false) return replaced
      await setTimeout(randomInt(Math.min(2 ** attempt, 64) + 1))
    }
    throw new RalphError('OVERLOADED', 'too many clients change the document at the same time: try again', {
      retryAfter: 1
    })
  }

  return {
    get: async (key, { signal } = {}) => (await port.read(key, signal))?.document,
    change: (key, change, { signal } = {}) => inTurn(port.placeOf(key), () => changeNow(key, change, signal)),
    ids: async (scope, since, { signal } = {}) => [...new Set(await port.ids(scope, since, signal))].sort(),
    clear: (scope, { signal } = {}) => port.clear(scope, signal)
  }
}
