/** A value under a key. */
export interface KVPair {
  /** Without bucket, without slashes at either end. */
  readonly key: string
  readonly value: Uint8Array
  /** Never 0. It changes whenever the value is put, and also when the key is deleted and made again. */
  readonly lastIndex: number
}

export interface PutOptions {
  /**
   * Milliseconds after which the value is gone unless it is put again. A server may round it up: etcd to whole seconds,
   * ZooKeeper to its shortest session. Consul lets the value go between once and twice that time.
   */
  readonly ttl?: number | undefined
  /** Makes a directory, which may be empty; the value is ignored. */
  readonly isDir?: boolean | undefined
}

/** The value that is to be replaced or deleted, as it was read. */
export type Previous = Pick<KVPair, 'lastIndex'>

export interface LockOptions {
  /** What others read under the key while the lock is held. */
  readonly value?: Uint8Array | undefined
  /** Milliseconds after which a lock whose holder has died passes on; default 20,000. */
  readonly ttl?: number | undefined
}

export interface Lock {
  /**
   * Waits until the lock is ours; it is then renewed by itself. The signal that it gives fires when the lock is lost: work
   * under it must end at once. `CANNOT_LOCK` when we hold it already, or when `signal` ends the wait.
   */
  lock(signal?: AbortSignal): Promise<AbortSignal>
  /** Lets go of it; nothing happens when it is not held. */
  unlock(): Promise<void>
}

/**
 * Keys and values that many machines share. Keys are paths: `services/lrs/1`. Only leaves hold values. Every call is
 * `REGISTRY_UNREACHABLE` when no server answers in time, and `CALL_NOT_SUPPORTED` where the provider lacks it.
 */
export interface Registry {
  /** As the messages name it: `etcd at 127.0.0.1:2379`. */
  readonly place: string
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<void>
  /** `KEY_NOT_FOUND` */
  get(key: string): Promise<KVPair>
  /** `KEY_NOT_FOUND` */
  delete(key: string): Promise<void>
  /** Whether there is a value, or a directory. */
  exists(key: string): Promise<boolean>
  /**
   * First the value that is there, then the value after each change; undefined: there is none. Changes that follow each
   * other quickly may be given as one, the last one never lacks. It survives restarts of the server and ends, without an
   * error, with `signal`.
   */
  watch(key: string, signal: AbortSignal): AsyncIterable<KVPair | undefined>
  /** As `watch`: the whole list of what is below a directory, in the order of the keys; empty: there is nothing. */
  watchTree(directory: string, signal: AbortSignal): AsyncIterable<readonly KVPair[]>
  newLock(key: string, options?: LockOptions): Lock
  /** All values below a directory, at every depth, in the order of their keys. `KEY_NOT_FOUND` when there are none. */
  list(directory: string): Promise<readonly KVPair[]>
  /** Everything below a directory. `KEY_NOT_FOUND` when there is nothing. */
  deleteTree(directory: string): Promise<void>
  /** `KEY_MODIFIED` unless `previous` is still there; without it `KEY_EXISTS` if anything is. Gives the new pair. */
  atomicPut(
    key: string,
    value: Uint8Array,
    previous: Previous | undefined,
    options?: Pick<PutOptions, 'ttl'>
  ): Promise<KVPair>
  /** `PREVIOUS_NOT_SPECIFIED` without `previous`, `KEY_NOT_FOUND`, `KEY_MODIFIED` unless it is still there. */
  atomicDelete(key: string, previous: Previous | undefined): Promise<void>
  /** Lets go of the locks that are held, and of the server. */
  close(): Promise<void>
}

/** Which kind of server keeps it. */
export type RegistryProvider = 'etcd' | 'zookeeper' | 'consul' | 'boltdb'

/** What a registry is opened with. */
export interface RegistrySettings {
  readonly provider: RegistryProvider
  /** Addresses, `host[:port]` or URLs; of boltdb the path of its file. */
  readonly endpoints: readonly string[]
  readonly username: string | undefined
  readonly password: string | undefined
  /** Milliseconds within which a server must be reached. */
  readonly timeout: number
  /** Milliseconds within which a request must be answered. */
  readonly requestTimeout: number
  /** PEM of the authorities that are trusted instead of the usual ones; undefined: no TLS unless a URL says so. */
  readonly certificate: string | undefined
  /** What all keys are below. */
  readonly bucket: string
  /** Ask the servers of etcd for their addresses. */
  readonly autoSync: boolean
}
