/** A value under a key. */
export interface KVPair {
  /** Without bucket, and without slashes at either end. */
  readonly key: string
  readonly value: Uint8Array
  /** Never 0. It changes whenever the value is put, also if the key is deleted and created again. */
  readonly lastIndex: number
}

export interface PutOptions {
  /**
   * Milliseconds after which the value is gone unless it is put again. A server may round it up: etcd to whole seconds,
   * ZooKeeper to its shortest session. Consul lets the value go between once and twice that time.
   */
  readonly ttl?: number | undefined
  /** Creates a directory, which may be empty. The value is ignored. */
  readonly isDir?: boolean | undefined
}

/** The value to replace or delete, as it was read. */
export type Previous = Pick<KVPair, 'lastIndex'>

export interface LockOptions {
  /** The value under the key while the lock is held. */
  readonly value?: Uint8Array | undefined
  /** Milliseconds after which the lock of a crashed holder is free. Default: 20,000. */
  readonly ttl?: number | undefined
}

export interface Lock {
  /**
   * Waits until the lock is acquired, then renews it. The returned signal is aborted when the lock is lost: work under it must
   * end at once. Rejects with `CANNOT_LOCK` if this object holds it already, or if `signal` ends the wait.
   */
  lock(signal?: AbortSignal): Promise<AbortSignal>
  /** Releases it. Nothing happens if it is not held. */
  unlock(): Promise<void>
}

/**
 * Keys and values that many machines share. Keys are paths: `services/lrs/1`. Only leaves have values. Every call may reject with
 * `REGISTRY_UNREACHABLE` if no server answers in time, and with `CALL_NOT_SUPPORTED` if the provider lacks it.
 */
export interface Registry {
  /** The name in messages: `etcd at 127.0.0.1:2379`. */
  readonly place: string
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<void>
  /** `KEY_NOT_FOUND` */
  get(key: string): Promise<KVPair>
  /** `KEY_NOT_FOUND` */
  delete(key: string): Promise<void>
  /** Whether there is a value, or a directory. */
  exists(key: string): Promise<boolean>
  /**
   * First the present value, then the value after each change. Undefined: there is none. Quick changes may be combined; the last
   * one is never left out. It continues after restarts of the server. `signal` ends it without an error.
   */
  watch(key: string, signal: AbortSignal): AsyncIterable<KVPair | undefined>
  /** As `watch`, for the list of everything below a directory, in the order of the keys. Empty: there is nothing. */
  watchTree(directory: string, signal: AbortSignal): AsyncIterable<readonly KVPair[]>
  newLock(key: string, options?: LockOptions): Lock
  /** All values below a directory, at every depth, in the order of their keys. Rejects with `KEY_NOT_FOUND` if there are none. */
  list(directory: string): Promise<readonly KVPair[]>
  /** Deletes everything below a directory. Rejects with `KEY_NOT_FOUND` if there is nothing. */
  deleteTree(directory: string): Promise<void>
  /**
   * Rejects with `KEY_MODIFIED` if `previous` is not the present value. Without `previous`, with `KEY_EXISTS` if there is a
   * value. Resolves with the new pair.
   */
  atomicPut(
    key: string,
    value: Uint8Array,
    previous: Previous | undefined,
    options?: Pick<PutOptions, 'ttl'>
  ): Promise<KVPair>
  /**
   * Rejects with `PREVIOUS_NOT_SPECIFIED` without `previous`, with `KEY_NOT_FOUND`, or with `KEY_MODIFIED` if it is not the
   * present value.
   */
  atomicDelete(key: string, previous: Previous | undefined): Promise<void>
  /** Releases the locks and disconnects from the server. */
  close(): Promise<void>
}

/** Which kind of server keeps it. */
export type RegistryProvider = 'etcd' | 'zookeeper' | 'consul' | 'boltdb'

/** The settings to open a registry. */
export interface RegistrySettings {
  readonly provider: RegistryProvider
  /** Addresses, `host[:port]` or URLs. For boltdb the path of its file. */
  readonly endpoints: readonly string[]
  readonly username: string | undefined
  readonly password: string | undefined
  /** Milliseconds within which a server must be reached. */
  readonly timeout: number
  /** Milliseconds within which a request must be answered. */
  readonly requestTimeout: number
  /** PEM of the trusted certificate authorities. Undefined: TLS only if a URL says so, with the usual authorities. */
  readonly certificate: string | undefined
  /** Prefix of all keys. */
  readonly bucket: string
  /** Ask the servers of etcd for their addresses. */
  readonly autoSync: boolean
}
