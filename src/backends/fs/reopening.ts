import { join } from 'node:path'
import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { AttachmentContent, AttachmentStore } from '../../contracts/statement-store.ts'
import type { EngineStore } from '../../storage/follow.ts'
import type { StoreOptions } from './open-files.ts'
import { rewriteStatementFile } from './rewrite.ts'

/** A store whose files are closed, written anew and opened again when something is to be forgotten. */
export interface ReopenedStore extends Omit<EngineStore, 'rewriting'> {
  forgetAttachments(sha2s: readonly string[]): Promise<void>
  /** Writes the journal of documents anew. */
  compact(): Promise<void>
  status(): Promise<BackendStatus>
  close(): Promise<void>
}

/** Calls run side by side, and one kind of work runs alone. */
const createGate = () => {
  let inFlight = 0
  let idle = (): void => {}
  let alone: Promise<void> | undefined
  return {
    enter: async <Result>(work: () => Promise<Result>): Promise<Result> => {
      while (alone !== undefined) await alone
      inFlight += 1
      try {
        return await work()
      } finally {
        inFlight -= 1
        if (inFlight === 0) idle()
      }
    },
    alone: async (work: () => Promise<void>): Promise<void> => {
      while (alone !== undefined) await alone
      const { promise, resolve } = Promise.withResolvers<void>()
      alone = promise
      try {
        if (inFlight > 0) {
          await new Promise<void>((done) => {
            idle = done
          })
        }
        await work()
      } finally {
        alone = undefined
        resolve()
      }
    }
  }
}

const firstOf = async (found: AsyncIterable<AttachmentContent>): Promise<AttachmentContent | undefined> => {
  for await (const each of found) return each
  return undefined
}

/** `open` opens the files, which are locked already. */
export const createReopening = async (
  { directory, file }: StoreOptions,
  open: () => Promise<ReopenedStore>
): Promise<EngineStore & Pick<ReopenedStore, 'status' | 'close'>> => {
  let store = await open()
  const { enter, alone } = createGate()
  const read: AttachmentStore['read'] = async function* (sha2s, options) {
    for (const sha2 of new Set(sha2s)) {
      const found = await enter(() => firstOf(store.attachments.read([sha2], options)))
      if (found !== undefined) yield found
    }
  }
  return {
    statements: {
      insert: (...given) => enter(() => store.statements.insert(...given)),
      find: (...given) => enter(() => store.statements.find(...given)),
      findAll: (...given) => enter(() => store.statements.findAll(...given)),
      query: (...given) => enter(() => store.statements.query(...given)),
      queryText: (...given) => enter(() => store.statements.queryText(...given)),
      consistentThrough: (...given) => enter(() => store.statements.consistentThrough(...given)),
      describe: (...given) => enter(() => store.statements.describe(...given)),
      agentNames: (...given) => enter(() => store.statements.agentNames(...given))
    },
    attachments: { read },
    documents: {
      get: (...given) => enter(() => store.documents.get(...given)),
      change: (...given) => enter(() => store.documents.change(...given)),
      ids: (...given) => enter(() => store.documents.ids(...given)),
      clear: (...given) => enter(() => store.documents.clear(...given))
    },
    copy: {
      statements: (...given) => enter(() => store.copy.statements(...given)),
      restoreStatements: (...given) => enter(() => store.copy.restoreStatements(...given)),
      documents: (...given) => enter(() => store.copy.documents(...given)),
      restoreDocuments: (...given) => enter(() => store.copy.restoreDocuments(...given))
    },
    rewriting: {
      rewrite: (wanted) =>
        alone(async () => {
          await store.forgetAttachments(wanted.attachments)
          if (wanted.removed.length + wanted.rewritten.length === 0) return
          // What is known of Agents and Activities is read from the statements when they are opened.
          await store.close()
          try {
            await rewriteStatementFile(join(directory, file), wanted)
          } finally {
            store = await open()
          }
        }),
      purge: async () => {
        await alone(() => store.compact())
        return []
      }
    },
    status: () => enter(() => store.status()),
    close: () => enter(() => store.close())
  }
}
