import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { DocumentContent, StoredDocument } from '../contracts/document-store.ts'
import { RalphError } from '../errors.ts'

/** A document, and the version by which the engine tells whether it is still the same. */
export interface Versioned<Version> {
  readonly document: StoredDocument
  readonly version: Version
}

/** How an engine reads and replaces one document, without transactions. */
export interface ReplaceDocument<Version> {
  read(): Promise<Versioned<Version> | undefined>
  /**
   * Writes `next` (undefined: deletes) if what is there is still `version` (undefined: nothing), durably. False:
   * somebody else was faster, and nothing was changed.
   */
  replace(next: DocumentContent | undefined, version: Version | undefined): Promise<StoredDocument | undefined | false>
}

/** A document that so many others changed in between is being fought over. */
const attempts = 50

/** `DocumentStore.change`, for an engine that can compare and set. */
export const changeDocument = async <Version>(
  { read, replace }: ReplaceDocument<Version>,
  change: (present: StoredDocument | undefined) => DocumentContent | undefined,
  signal?: AbortSignal
): Promise<StoredDocument | undefined> => {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    signal?.throwIfAborted()
    const present = await read()
    const next = change(present?.document)
    if (next === present?.document) return present?.document
    const replaced = await replace(next, present?.version)
    if (replaced !== false) return replaced
    await setTimeout(randomInt(Math.min(2 ** attempt, 64) + 1))
  }
  throw new RalphError('OVERLOADED', 'the document is changed by too many at once: try again', { retryAfter: 1 })
}

/** Lets jobs with the same key follow each other: those of one process need not fight over a document. */
export const createKeyedQueue = () => {
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
