import type { DocumentStore } from '../contracts/document-store.ts'
import type { LrsBackend, LrsStore } from '../contracts/lrs-backend.ts'
import type { StatementStore } from '../contracts/statement-store.ts'
import { RalphError } from '../errors.ts'
import type { Telemetry } from './telemetry.ts'

/** Runs a call to the store, and tells of it. */
type Around = <Result>(call: string, work: () => Promise<Result>) => Promise<Result>

const aroundOf = ({ metrics }: Telemetry): Around =>
  metrics === undefined
    ? (_call, work) => work()
    : async (call, work) => {
        const end = metrics.storeCall(call)
        const began = performance.now()
        try {
          const result = await work()
          end((performance.now() - began) / 1000)
          return result
        } catch (error) {
          end((performance.now() - began) / 1000, error instanceof RalphError ? error.code : 'INTERNAL')
          throw error
        }
      }

const observedStatements = (store: StatementStore, around: Around, { metrics }: Telemetry): StatementStore => ({
  insert: async (batch, options) => {
    const report = await around('insert', () => store.insert(batch, options))
    metrics?.stored(report.inserted.length, report.already.length)
    return report
  },
  find: (id, wanted, options) => around('find', () => store.find(id, wanted, options)),
  findAll: (ids, options) => around('findAll', () => store.findAll(ids, options)),
  query: (query, options) => around('query', () => store.query(query, options)),
  queryText: (query, frame, options) => around('queryText', () => store.queryText(query, frame, options)),
  follow: (after, options) => store.follow(after, options),
  consistentThrough: (options) => around('consistentThrough', () => store.consistentThrough(options)),
  describe: (iris, options) => around('describe', () => store.describe(iris, options)),
  agentNames: (identifier, options) => around('agentNames', () => store.agentNames(identifier, options))
})

const observedDocuments = (store: DocumentStore, around: Around): DocumentStore => ({
  get: (key, options) => around('document.get', () => store.get(key, options)),
  change: (key, change, options) => around('document.change', () => store.change(key, change, options)),
  ids: (scope, since, options) => around('document.ids', () => store.ids(scope, since, options)),
  clear: (scope, options) => around('document.clear', () => store.clear(scope, options))
})

/** The same backend, which tells of every call to its stores. */
export const observeBackend = (backend: LrsBackend, telemetry: Telemetry): LrsBackend => {
  const around = aroundOf(telemetry)
  const known = new WeakMap<LrsStore, LrsStore>()
  return {
    store: async (target) => {
      const store = await backend.store(target)
      const found = known.get(store)
      if (found !== undefined) return found
      const observed = {
        ...store,
        statements: observedStatements(store.statements, around, telemetry),
        documents: observedDocuments(store.documents, around)
      }
      known.set(store, observed)
      return observed
    },
    status: (options) => backend.status(options),
    close: () => backend.close()
  }
}
