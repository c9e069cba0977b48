import type { CallOptions } from '../contracts/statement-store.ts'
import { storeClosed } from './closed.ts'
import type { EngineStore } from './follow.ts'

/** Knows which calls are in flight, so that a store is closed after them and takes none later. */
export interface Guard {
  /**
   * `STORE_UNAVAILABLE` once closing has begun; rejects with the reason of the signal when the call was given up before
   * it began, or failed after that.
   */
  run<Result>(work: () => Promise<Result>, options?: CallOptions): Promise<Result>
  /** Takes no further call, waits for those in flight, then runs `finish`. May be called twice. */
  close(finish: () => Promise<void>): Promise<void>
}

export const createGuard = (): Guard => {
  const inFlight = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined
  const closeWith = async (finish: () => Promise<void>): Promise<void> => {
    await Promise.allSettled(inFlight)
    await finish()
  }
  return {
    run: async (work, { signal } = {}) => {
      signal?.throwIfAborted()
      if (closing !== undefined) throw storeClosed()
      const running = work()
      inFlight.add(running)
      try {
        return await running
      } catch (error) {
        signal?.throwIfAborted()
        throw error
      } finally {
        inFlight.delete(running)
      }
    },
    close: (finish) => {
      closing ??= closeWith(finish)
      return closing
    }
  }
}

/** A store of which every call is run by the guard. */
export const guardStore = ({ run }: Guard, { statements, attachments, documents, copy }: EngineStore): EngineStore => ({
  statements: {
    insert: (batch, options) => run(() => statements.insert(batch, options), options),
    find: (id, wanted, options) => run(() => statements.find(id, wanted, options), options),
    findAll: (ids, options) => run(() => statements.findAll(ids, options), options),
    query: (query, options) => run(() => statements.query(query, options), options),
    queryText: (query, frame, options) => run(() => statements.queryText(query, frame, options), options),
    consistentThrough: (options) => run(() => statements.consistentThrough(options), options),
    describe: (iris, options) => run(() => statements.describe(iris, options), options),
    agentNames: (identifier, options) => run(() => statements.agentNames(identifier, options), options)
  },
  attachments: {
    read: async function* (sha2s, options) {
      const contents = attachments.read(sha2s, options)[Symbol.asyncIterator]()
      try {
        for (;;) {
          const next = await run(() => contents.next(), options)
          if (next.done) return
          yield next.value
        }
      } finally {
        await contents.return?.()
      }
    }
  },
  documents: {
    get: (key, options) => run(() => documents.get(key, options), options),
    change: (key, change, options) => run(() => documents.change(key, change, options), options),
    ids: (scope, since, options) => run(() => documents.ids(scope, since, options), options),
    clear: (scope, options) => run(() => documents.clear(scope, options), options)
  },
  copy: {
    statements: (after, limit, options) => run(() => copy.statements(after, limit, options), options),
    restoreStatements: (restored, contents, options) =>
      run(() => copy.restoreStatements(restored, contents, options), options),
    documents: (after, limit, options) => run(() => copy.documents(after, limit, options), options),
    restoreDocuments: (restored, options) => run(() => copy.restoreDocuments(restored, options), options)
  }
})
