import { messageOf, RalphError } from '../errors.ts'

/** The approximate bytes that one request stores. */
export const sizeOfBatch = (batch: {
  readonly statements: readonly { textAt(stored: string): string }[]
  readonly attachments: readonly { readonly content: Uint8Array }[]
}): number => {
  let size = 0
  for (const statement of batch.statements) size += statement.textAt('').length
  for (const { content } of batch.attachments) size += content.byteLength
  return size
}

/** The same change of a document. It also notes the bytes of the last result. */
export const measured = <Present, Next extends { readonly content: Uint8Array } | undefined>(
  change: (present: Present) => Next
): { readonly change: (present: Present) => Next; readonly size: () => number } => {
  let size = 0
  return {
    change: (present) => {
      const next = change(present)
      size = next?.content.byteLength ?? 0
      return next
    },
    size: () => size
  }
}

/** The health of a store, as its reads and writes have shown. Sizes are in bytes. */
export interface WriteHealth {
  /** Whether no damage was found. */
  isSound(): boolean
  /** Throws if the store was found damaged, because each write could make the damage worse. */
  requireSound(): void
  /** A read or write failed with `reason`, which is already an error of Ralph. */
  failed(reason: unknown, size?: number): void
  /** `size` is called only when it is needed. */
  succeeded(size: () => number): void
  /**
   * Undefined: the store is well. After a failed write, and until one of its size succeeds, `tryWriting` is called with that size: a full
   * disk may have room for less. A damaged store stays damaged until it is opened again.
   */
  trouble(tryWriting: (size: number) => Promise<unknown>): Promise<string | undefined>
}

export const createWriteHealth = (): WriteHealth => {
  let damage: RalphError | undefined
  let failure: { readonly reason: unknown; readonly size: number } | undefined

  return {
    isSound: () => damage === undefined,
    requireSound: () => {
      if (damage !== undefined) throw damage
    },
    failed: (reason, size) => {
      if (reason instanceof RalphError && reason.code === 'STORE_CORRUPT') damage ??= reason
      else if (size !== undefined) failure = { reason, size: Math.max(size, failure?.size ?? 0) }
    },
    succeeded: (size) => {
      if (failure !== undefined && size() >= failure.size) failure = undefined
    },
    trouble: async (tryWriting) => {
      if (damage === undefined && failure !== undefined) await tryWriting(failure.size).catch(() => {})
      if (damage !== undefined) return messageOf(damage)
      return failure && messageOf(failure.reason)
    }
  }
}
