import type { BackendContext, LrsBackend, LrsStore } from '../../contracts/lrs-backend.ts'
import { RalphError } from '../../errors.ts'
import { requireTarget } from '../../settings/target.ts'
import { notThere } from '../../storage/not-there.ts'
import { createMemoryDocuments } from './documents.ts'
import { createMemoryStatements } from './statements.ts'

/** It has no settings. */
export type MemoryOptions = Readonly<Record<string, never>>

/** Keeps everything in this process and nothing beyond it: for tests, and to look at Ralph without leaving a trace. */
export const openMemory = (_options: MemoryOptions, context: BackendContext): LrsBackend => {
  context.warn('The memory backend keeps nothing: all statements and documents are lost when the server stops.')
  const stores = new Map<string | undefined, LrsStore>()
  let closed = false
  const requireOpen = (): void => {
    if (closed) throw new RalphError('STORE_UNAVAILABLE', 'the store is closed')
  }
  const openStore = (): LrsStore => {
    const { statements, attachments, copy } = createMemoryStatements(context.clock, requireOpen)
    const { copy: copyDocuments, ...documents } = createMemoryDocuments(context.clock, requireOpen)
    return { statements, attachments, documents, copy: { ...copy, ...copyDocuments } }
  }
  return {
    store: async (target) => {
      requireOpen()
      if (context.mustExist) throw notThere('What the memory backend had')
      // Nothing here needs a name of any form, but who tries things out with this backend goes on with another.
      const store = stores.get(target === undefined ? target : requireTarget(target)) ?? openStore()
      stores.set(target, store)
      return store
    },
    status: async () => (closed ? { state: 'away', detail: 'the store is closed' } : { state: 'ok' }),
    close: async () => {
      closed = true
      stores.clear()
    }
  }
}
