import type { Clock } from './clock.ts'
import type { DocumentStore } from './document-store.ts'
import type { AttachmentStore, CallOptions, StatementStore } from './statement-store.ts'
import type { StoreCopy } from './store-copy.ts'

/** All that an LRS keeps for one target. */
export interface LrsStore {
  readonly statements: StatementStore
  readonly attachments: AttachmentStore
  readonly documents: DocumentStore
  /** Undefined where a store cannot be copied. */
  readonly copy?: StoreCopy
}

export type BackendStatus =
  | { readonly state: 'ok' }
  | {
      /** `away`: out of reach now; `error`: there, but not usable as it is. */
      readonly state: 'away' | 'error'
      /** What to do about it, for the operator. */
      readonly detail: string
      /** What anybody may be told of it: it names no host and no path. */
      readonly hint?: string
    }

export interface LrsBackend {
  /**
   * The store of one target (a user's `target` in auth.json; undefined: the default one), made when it is first
   * asked for. Targets never see each other. `INVALID_SETTING` when it cannot name a target (settings/target.ts).
   */
  store(target?: string): Promise<LrsStore>
  status(options?: CallOptions): Promise<BackendStatus>
  /**
   * Finishes what was accepted, then lets go of everything, and rejects when something had still to be written and was
   * not: `STORE_FULL`, `STORE_UNAVAILABLE`. May be called twice.
   */
  close(): Promise<void>
}

/** What a backend is handed besides its own settings. */
export interface BackendContext {
  readonly clock: Clock
  /** RALPH_APP_DIR, absolute. */
  readonly appDir: string
  /** A store that nobody has made is `NOT_FOUND`, and nothing is made. */
  readonly mustExist?: boolean
  /** For what an operator should know but no request is told. */
  warn(message: string): void
}
