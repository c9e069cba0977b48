import type { CallOptions } from '../contracts/statement-store.ts'
import { storeClosed } from './closed.ts'
import type { EngineStore } from './follow.ts'

/** Knows which calls are in flight. So a store is closed after them, and accepts none afterwards. */
export interface Guard {
  /**
   * Rejects with `STORE_UNAVAILABLE` after closing has begun. Rejects with the reason of the signal if the call was aborted before it
   * began, or failed after the abort.
   */
  run<Result>(work: () => Promise<Result>, options?: CallOptions): Promise<Result>
  /** Accepts no further call, waits for those in flight, then runs `finish`. It may be called twice. */
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

/** How an engine wraps its calls: it may translate errors, or repeat a call. */
export interface CallKinds {
  /** For a call that changes something, or is one of several. */
  once<Result>(work: () => Promise<Result>): Promise<Result>
  /** For a call that only reads. */
  repeatable<Result>(work: () => Promise<Result>): Promise<Result>
}

const asTheyAre: CallKinds = { once: (work) => work(), repeatable: (work) => work() }

/** A store whose calls are all run by the guard. */
export const guardStore = (
  { run }: Guard,
  { statements, attachments, documents, copy }: EngineStore,
  { once, repeatable }: CallKinds = asTheyAre
): EngineStore => {
  const change = <Result>(work: () => Promise<Result>, options?: CallOptions): Promise<Result> =>
    run(() => once(work), options)
  const ask = <Result>(work: () => Promise<Result>, options?: CallOptions): Promise<Result> =>
    run(() => repeatable(work), options)
  return {
    statements: {
      insert: (batch, options) => change(() => statements.insert(batch, options), options),
      find: (id, wanted, options) => ask(() => statements.find(id, wanted, options), options),
      findAll: (ids, options) => ask(() => statements.findAll(ids, options), options),
      query: (query, options) => ask(() => statements.query(query, options), options),
      queryText: (query, frame, options) => ask(() => statements.queryText(query, frame, options), options),
      consistentThrough: (options) => change(() => statements.consistentThrough(options), options),
      describe: (iris, options) => ask(() => statements.describe(iris, options), options),
      agentNames: (identifier, options) => ask(() => statements.agentNames(identifier, options), options)
    },
    attachments: {
      read: async function* (sha2s, options) {
        const contents = attachments.read(sha2s, options)[Symbol.asyncIterator]()
        try {
          for (;;) {
            const next = await change(() => contents.next(), options)
            if (next.done) return
            yield next.value
          }
        } finally {
          await contents.return?.()
        }
      }
    },
    documents: {
      get: (key, options) => ask(() => documents.get(key, options), options),
      change: (key, next, options) => change(() => documents.change(key, next, options), options),
      ids: (scope, since, options) => ask(() => documents.ids(scope, since, options), options),
      clear: (scope, options) => change(() => documents.clear(scope, options), options)
    },
    copy: {
      statements: (after, limit, options) => ask(() => copy.statements(after, limit, options), options),
      restoreStatements: (restored, contents, options) =>
        change(() => copy.restoreStatements(restored, contents, options), options),
      documents: (after, limit, options) => ask(() => copy.documents(after, limit, options), options),
      restoreDocuments: (restored, options) => change(() => copy.restoreDocuments(restored, options), options)
    }
  }
}
