import type { BackendContext, LrsBackend } from '../../contracts/lrs-backend.ts'
import { requireTarget } from '../../settings/target.ts'
import { storeClosed } from '../../storage/closed.ts'
import type { EngineStore } from '../../storage/follow.ts'
import { notThere } from '../../storage/not-there.ts'
import { openTargets } from '../../storage/targets.ts'
import { createMemoryDocuments } from './documents.ts'
import { createMemoryStatements } from './statements.ts'

/** It has no settings. */
export type MemoryOptions = Readonly<Record<string, never>>

/** Keeps everything in this process only. It is for tests, and for trying Ralph without leaving a trace. */
export const openMemory = (_options: MemoryOptions, context: BackendContext): LrsBackend => {
  context.warn('The memory backend keeps nothing: all statements and documents are lost when the server stops.')
  let closed = false
  const requireOpen = (): void => {
    if (closed) throw storeClosed()
  }
  return openTargets({
    // This backend accepts any name, but a user will later continue with another backend.
    placeOf: (target) => (target === undefined ? '' : requireTarget(target)),
    keyOf: (name) => name,
    open: (): EngineStore => {
      if (context.mustExist) throw notThere('What the memory backend had')
      const { statements, attachments, copy, rewriting } = createMemoryStatements(context.clock, requireOpen)
      const { copy: copyDocuments, ...documents } = createMemoryDocuments(context.clock, requireOpen)
      return { statements, attachments, documents, copy: { ...copy, ...copyDocuments }, rewriting }
    },
    status: async () => ({ state: 'ok' }),
    close: async () => {
      closed = true
    }
  })
}
