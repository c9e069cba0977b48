import { createMemoryDocuments } from '../../src/backends/memory/documents.ts'
import type { BackendContext, LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { RalphError } from '../../src/errors.ts'
import { requireTarget } from '../../src/settings/target.ts'
import { type BatchedWriter, createBatchedWriter } from '../../src/storage/batching/batched-writer.ts'
import type { BatchEngine, NewStatement, WriteBatch } from '../../src/storage/batching/engine.ts'
import { tokenOf } from '../../src/storage/batching/tokens.ts'
import { type EngineStore, type FollowableStore, makeFollowable } from '../../src/storage/follow.ts'
import { fitting, type Position } from '../../src/xapi/filters.ts'
import type { ActivityDefinition, LanguageMap, StatementId } from '../../src/xapi/statement.ts'
import { termsOfQuery } from '../../src/xapi/terms.ts'
import { textPageOf } from '../../src/xapi/text-page.ts'

/**
 * The plainest engine that rounds can be written to: tables in memory which any number of backends share as servers
 * share a database. It proves the planning of rounds; each real engine has the same contract to meet by itself.
 */
export interface SharedTables {
  readonly statements: Map<StatementId, NewStatement>
  readonly definitions: Map<string, ActivityDefinition>
  readonly displays: Map<string, LanguageMap>
  readonly names: Map<string, Set<string>>
  readonly attachments: Map<string, Uint8Array>
  last: number
  writer: unknown
  busy: Promise<void>
  rounds: number
}

export const createTables = (): SharedTables => ({
  statements: new Map(),
  definitions: new Map(),
  displays: new Map(),
  names: new Map(),
  attachments: new Map(),
  last: 0,
  writer: undefined,
  busy: Promise.resolve(),
  rounds: 0
})

const carryOut = (tables: SharedTables, round: WriteBatch): void => {
  for (const { id } of round.removal?.statements ?? []) tables.statements.delete(id)
  for (const sha2 of round.removal?.attachments ?? []) tables.attachments.delete(sha2)
  for (const agent of round.removal?.agents ?? []) tables.names.delete(agent)
  for (const iri of round.removal?.activities ?? []) tables.definitions.delete(iri)
  for (const iri of round.removal?.verbs ?? []) tables.displays.delete(iri)
  for (const each of round.statements) tables.statements.set(each.id, each)
  for (const { id, tokens, voided } of round.changed) {
    const present = tables.statements.get(id)
    if (present) tables.statements.set(id, { ...present, tokens, voided })
  }
  for (const [iri, definition] of round.definitions) tables.definitions.set(iri, definition)
  for (const [iri, display] of round.displays) tables.displays.set(iri, display)
  for (const { identifier, name } of round.names) {
    tables.names.set(identifier, (tables.names.get(identifier) ?? new Set()).add(name))
  }
  for (const { sha2, content } of round.attachments) tables.attachments.set(sha2, content)
  tables.last = round.last
  tables.rounds += 1
}

const known = <Value>(all: ReadonlyMap<string, Value>, iris: readonly string[]): Map<string, Value> =>
  new Map([...all].filter(([iri]) => iris.includes(iri)))

const order = (one: Position, other: Position): number =>
  one.stored - other.stored || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0)

/** `refuse` may throw as an engine does that refuses to write. */
export const engineOn = (tables: SharedTables, refuse: (round: WriteBatch) => void = () => {}): BatchEngine => {
  const self = {}
  return {
    begin: async () => {
      const before = tables.busy
      let end = (): void => {}
      tables.busy = new Promise((resolve) => {
        end = resolve
      })
      await before
      return {
        last: tables.last,
        undisturbed: tables.writer === self,
        unfinished: [],
        lookUp: async (ids) => {
          const referrers = new Map<StatementId, StatementId[]>()
          for (const { id, target } of tables.statements.values()) {
            if (target !== undefined && ids.includes(target))
              referrers.set(target, [...(referrers.get(target) ?? []), id])
          }
          return { present: known(tables.statements, ids), referrers }
        },
        describe: async ({ activities, verbs }) => ({
          definitions: known(tables.definitions, activities),
          displays: known(tables.displays, verbs)
        }),
        write: async (round) => {
          refuse(round)
          carryOut(tables, round)
          tables.writer = self
        },
        end: async () => end()
      }
    }
  }
}

const storeOn = (
  tables: SharedTables,
  rounds: BatchedWriter,
  { clock }: BackendContext,
  requireOpen: () => void
): EngineStore => {
  const statements: EngineStore['statements'] = {
    insert: rounds.insert,
    consistentThrough: rounds.consistentThrough,
    find: async (id, { voided }, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      const found = tables.statements.get(id)
      return found?.voided === voided ? { id, stored: found.stored, text: found.text } : undefined
    },
    findAll: async (ids, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      const found = [...new Set(ids)].flatMap((id) => tables.statements.get(id) ?? [])
      const count = fitting(found.map(({ text }) => Buffer.byteLength(text)))
      return {
        statements: found.slice(0, count).map(({ id, stored, text }) => ({ id, stored, text })),
        more: count < found.length
      }
    },
    query: async (query, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      const { since = 0, until = Number.POSITIVE_INFINITY, after, ascending, limit } = query
      const wanted = termsOfQuery(query).map(tokenOf)
      const found = [...tables.statements.values()]
        .filter(
          ({ voided, stored, tokens }) =>
            !voided && stored > since && stored <= until && wanted.every((each) => tokens.includes(each))
        )
        .filter((one) => after === undefined || (ascending ? order(one, after) > 0 : order(one, after) < 0))
        .sort((one, other) => (ascending ? order(one, other) : order(other, one)))
      const page = found.slice(0, limit)
      const count = fitting(page.map(({ text }) => Buffer.byteLength(text)))
      return {
        statements: page.slice(0, count).map(({ id, stored, text }) => ({ id, stored, text })),
        more: count < found.length
      }
    },
    queryText: async (query, frame, options) => textPageOf(await statements.query(query, options), frame),
    describe: async ({ activities, verbs }, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      return { definitions: known(tables.definitions, activities), displays: known(tables.displays, verbs) }
    },
    agentNames: async (identifier, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      return [...(tables.names.get(identifier) ?? [])]
    }
  }
  const documents = createMemoryDocuments(clock, requireOpen)
  return {
    statements,
    attachments: {
      read: async function* (sha2s, options) {
        for (const sha2 of new Set(sha2s)) {
          requireOpen()
          options?.signal?.throwIfAborted()
          const content = tables.attachments.get(sha2)
          if (content) yield { sha2, content }
        }
      }
    },
    documents,
    copy: {
      ...documents.copy,
      statements: async (after, limit, options) => {
        requireOpen()
        options?.signal?.throwIfAborted()
        const found = [...tables.statements.values()]
          .filter((one) => after === undefined || order(one, after) > 0)
          .sort(order)
        const count = Math.min(limit, fitting(found.map(({ text }) => Buffer.byteLength(text))))
        return {
          statements: found.slice(0, count).map(({ id, stored, text }) => ({ id, stored, text })),
          more: count < found.length
        }
      },
      restoreStatements: rounds.restore
    },
    rewriting: { rewrite: rounds.rewrite, purge: async () => [] }
  }
}

/** A backend on tables that others may share; each target has its own. */
export const openShared = (context: BackendContext, tablesOf: (target: string) => SharedTables): LrsBackend => {
  const stores = new Map<string, { readonly rounds: BatchedWriter; readonly followable: FollowableStore }>()
  let closed = false
  const requireOpen = (): void => {
    if (closed) throw new RalphError('STORE_UNAVAILABLE', 'the store is closed')
  }
  return {
    store: async (target) => {
      requireOpen()
      const name = target === undefined ? '' : requireTarget(target)
      const open = stores.get(name)
      if (open) return open.followable.store
      const tables = tablesOf(name)
      const rounds = createBatchedWriter({ engine: engineOn(tables), clock: context.clock, delay: 0 })
      const followable = makeFollowable(storeOn(tables, rounds, context, requireOpen))
      stores.set(name, { rounds, followable })
      return followable.store
    },
    status: async () => (closed ? { state: 'away', detail: 'the store is closed' } : { state: 'ok' }),
    close: async () => {
      for (const { followable } of stores.values()) followable.end()
      await Promise.all([...stores.values()].map(({ rounds }) => rounds.close()))
      closed = true
    }
  }
}
