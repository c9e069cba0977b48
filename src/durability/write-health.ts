import { messageOf, RalphError } from '../errors.ts'

/** Bytes of what one request stores, about. */
export const sizeOfBatch = (batch: {
  readonly statements: readonly { textAt(stored: string): string }[]
  readonly attachments: readonly { readonly content: Uint8Array }[]
}): number => {
  let size = 0
  for (const statement of batch.statements) size += statement.textAt('').length
  for (const { content } of batch.attachments) size += content.byteLength
  return size
}

/** The same change of a document, with the bytes of what it last made. */
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

/** What writes and reads of a store have shown of its health. Sizes are in bytes. */
export interface WriteHealth {
  /** Whether nothing was found damaged. */
  isSound(): boolean
  /** Throws why the store takes no more writes: it was found damaged, and each write could make that worse. */
  requireSound(): void
  /** A read or write threw `reason`, which is in Ralph's terms already. */
  failed(reason: unknown, size?: number): void
  /** `size` is asked for only when it matters. */
  succeeded(size: () => number): void
  /**
   * Undefined: well. While a write has failed and none of its size has succeeded since, `tryWriting` is asked to write
   * as much: a full disk may have room for less. A store that was found damaged stays so until it is opened again.
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
