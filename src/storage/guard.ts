import type { CallOptions } from '../contracts/statement-store.ts'
import type { Answers } from './answered-within.ts'
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

export interface GuardOptions {
  readonly kinds?: CallKinds
  /** Of an engine that may hang. */
  readonly answers?: Answers
}

/** A store whose calls are all run by the guard. */
export const guardStore = (
  { run }: Guard,
  { statements, attachments, documents, copy, rewriting }: EngineStore,
  { kinds: { once, repeatable } = asTheyAre, answers }: GuardOptions = {}
): EngineStore => {
  type Work<Result> = (options?: CallOptions) => Promise<Result>
  // A call that is given up may still run, so that closing waits for it.
  const limited = <Result>(work: Work<Result>, options?: CallOptions): Promise<Result> =>
    answers === undefined ? work(options) : answers.within(work, options)
  const change = <Result>(work: Work<Result>, given?: CallOptions): Promise<Result> =>
    limited((options) => run(() => once(() => work(options)), options), given)
  const ask = <Result>(work: Work<Result>, given?: CallOptions): Promise<Result> =>
    limited((options) => run(() => repeatable(() => work(options)), options), given)
  return {
    statements: {
      insert: (batch, given) => change((options) => statements.insert(batch, options), given),
      find: (id, wanted, given) => ask((options) => statements.find(id, wanted, options), given),
      findAll: (ids, given) => ask((options) => statements.findAll(ids, options), given),
      query: (query, given) => ask((options) => statements.query(query, options), given),
      queryText: (query, frame, given) => ask((options) => statements.queryText(query, frame, options), given),
      consistentThrough: (given) => change((options) => statements.consistentThrough(options), given),
      describe: (iris, given) => ask((options) => statements.describe(iris, options), given),
      agentNames: (identifier, given) => ask((options) => statements.agentNames(identifier, options), given)
    },
    attachments: {
      read: async function* (sha2s, options) {
        const contents = attachments.read(sha2s, options)[Symbol.asyncIterator]()
        let isBroken = false
        try {
          for (;;) {
            const next = await change(() => contents.next(), options).catch((error: unknown) => {
              isBroken = true
              throw error
            })
            if (next.done) return
            yield next.value
          }
        } finally {
          const ended = contents.return?.()
          // What was given up may wait for the engine much longer.
          if (isBroken) ended?.catch(() => {})
          else await ended
        }
      }
    },
    documents: {
      get: (key, given) => ask((options) => documents.get(key, options), given),
      change: (key, next, given) => change((options) => documents.change(key, next, options), given),
      ids: (scope, since, given) => ask((options) => documents.ids(scope, since, options), given),
      clear: (scope, given) => change((options) => documents.clear(scope, options), given)
    },
    copy: {
      statements: (after, limit, given) => ask((options) => copy.statements(after, limit, options), given),
      restoreStatements: (restored, contents, given) =>
        change((options) => copy.restoreStatements(restored, contents, options), given),
      documents: (after, limit, given) => ask((options) => copy.documents(after, limit, options), given),
      restoreDocuments: (restored, given) => change((options) => copy.restoreDocuments(restored, options), given)
    },
    // To remove may take any time: an engine may write whole files anew.
    rewriting: {
      rewrite: (wanted, options) => run(() => once(() => rewriting.rewrite(wanted, options)), options),
      purge: (options) => run(() => once(() => rewriting.purge(options)), options)
    }
  }
}
