/** What Ralph uses of `node-zookeeper-client`, which has no types of its own. */
declare module 'node-zookeeper-client' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'

  export interface Stat {
    /** 64-bit numbers are eight bytes, the highest first. */
    readonly czxid: Buffer
    readonly mzxid: Buffer
    readonly ephemeralOwner: Buffer
    readonly version: number
    readonly numChildren: number
  }
  export type Failure = (Error & { readonly code: number }) | null | undefined
  export interface Acl {
    readonly permission: number
  }
  export interface Transaction {
    create(path: string, data: Buffer | undefined, acls: readonly Acl[], mode: number): Transaction
    /** A version of 0 counts as none. */
    remove(path: string, version?: number): Transaction
    commit(callback: (error: Failure) => void): void
  }
  export interface Client extends EventEmitter {
    /** Not public: there is no other way to let go of a server that does not answer. */
    readonly connectionManager: { readonly socket: Socket | undefined; setState(state: number): void }
    connect(): void
    close(): void
    /** `SYNC_CONNECTED`, `DISCONNECTED`, … */
    getState(): { getName(): string }
    getSessionId(): Buffer
    getSessionTimeout(): number
    addAuthInfo(scheme: string, auth: Buffer): void
    create(
      path: string,
      data: Buffer | undefined,
      acls: readonly Acl[],
      mode: number,
      callback: (error: Failure) => void
    ): void
    remove(path: string, version: number, callback: (error: Failure) => void): void
    exists(path: string, watcher: (() => void) | undefined, callback: (error: Failure, stat: Stat | null) => void): void
    getData(
      path: string,
      watcher: (() => void) | undefined,
      callback: (error: Failure, data: Buffer | undefined, stat: Stat) => void
    ): void
    setData(
      path: string,
      data: Buffer | undefined,
      version: number,
      callback: (error: Failure, stat: Stat) => void
    ): void
    getChildren(
      path: string,
      watcher: (() => void) | undefined,
      callback: (error: Failure, children: string[]) => void
    ): void
    transaction(): Transaction
  }
  export const ACL: { readonly OPEN_ACL_UNSAFE: readonly Acl[]; readonly CREATOR_ALL_ACL: readonly Acl[] }
  export const CreateMode: { readonly PERSISTENT: number; readonly EPHEMERAL: number }
  export function createClient(
    servers: string,
    options: { readonly sessionTimeout: number; readonly spinDelay: number; readonly retries: number }
  ): Client
}
