import type { Clock } from './clock.ts'
import type { DocumentStore } from './document-store.ts'
import type { AttachmentStore, CallOptions, StatementStore } from './statement-store.ts'
import type { StoreCopy } from './store-copy.ts'
import type { StoreRewriting } from './store-rewriting.ts'

/** All that an LRS keeps for one target. */
export interface LrsStore {
  readonly statements: StatementStore
  readonly attachments: AttachmentStore
  readonly documents: DocumentStore
  /** Undefined where a store cannot be copied. */
  readonly copy?: StoreCopy
  /** Undefined where nothing can be removed. */
  readonly rewriting?: StoreRewriting
}

export type BackendStatus =
  | { readonly state: 'ok' }
  | {
      /** `away`: unreachable now. `error`: reachable, but not usable in its present state. */
      readonly state: 'away' | 'error'
      /** What to do about it, for the operator. */
      readonly detail: string
      /** What any client may learn of it. It names no host and no path. */
      readonly hint?: string
    }

export interface LrsBackend {
  /**
   * The store of one target (a user's `target` in auth.json; undefined: the default one). It is made when it is first needed. Targets never
   * see each other. Rejects with `INVALID_SETTING` if it cannot be the name of a target (settings/target.ts).
   */
  store(target?: string): Promise<LrsStore>
  status(options?: CallOptions): Promise<BackendStatus>
  /**
   * Finishes what was accepted, then releases everything. Rejects with `STORE_FULL` or `STORE_UNAVAILABLE` if something could not be
   * written. It may be called twice.
   */
  close(): Promise<void>
}

/** What a backend gets besides its own settings. */
export interface BackendContext {
  readonly clock: Clock
  /** RALPH_APP_DIR, absolute. */
  readonly appDir: string
  /** Opening a store that does not exist fails with `NOT_FOUND`, and nothing is made. */
  readonly mustExist?: boolean
  /** For what an operator should know, but is not the result of a request. */
  warn(message: string): void
}
