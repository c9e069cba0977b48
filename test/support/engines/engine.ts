/** Those that can keep what a server stores. es: Elasticsearch 9, es8: Elasticsearch 8.19, mongo: MongoDB's protocol. */
const databaseNames = ['es', 'es8', 'mongo', 'clickhouse', 'postgres'] as const

/** s3: its protocol, swift: with Keystone; etcd and zookeeper keep registries; rabbitmq and redis: what listeners need. */
export const engineNames = [...databaseNames, 's3', 'swift', 'etcd', 'zookeeper', 'rabbitmq', 'redis'] as const

export type DatabaseName = (typeof databaseNames)[number]
export type EngineName = (typeof engineNames)[number]

export const isDatabaseName = (word: string): word is DatabaseName => databaseNames.some((name) => name === word)
export const isEngineName = (word: string): word is EngineName => engineNames.some((name) => name === word)

/** A database or storage server on loopback. */
export interface Engine {
  readonly name: EngineName
  /** What its client is given; without trailing slash. */
  readonly url: string
  /** Ends a private engine; gives up the use of a shared one. */
  stop(): Promise<void>
}

/** An engine of one's own, which may be killed. It ends with the process that started it. */
export interface PrivateEngine extends Engine {
  /** Of the process that was started last: another one after a restart. */
  readonly pid: number
  isRunning(): boolean
  /** Kills the engine and its children at once (SIGKILL): what it has not written is lost. */
  kill(): Promise<void>
  /** Ends it, unless it has ended, and starts it on the same port with the same data. */
  restart(): Promise<void>
  /** The end of what it has logged. */
  log(): string
}

/** Why there is no engine. */
export interface Missing {
  readonly missing: string
}

/** What an engine is started with. */
export interface Start {
  /** An existing directory that is its own. */
  readonly dataDir: string
  readonly port: number
  /** false: for data that nobody wants back; writes are not forced to the disk where the engine has a choice. */
  readonly durable: boolean
  /** true: as fast as the engine gets when it runs for long. false: as fast as it gets in the first minutes. */
  readonly measured: boolean
  /** Leave behind what makes later starts faster. */
  readonly firstRun: boolean
  /** Settings by the engine's own names. */
  readonly settings: Readonly<Record<string, string>>
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** The user to run as, if this process is root and the engine refuses root. */
  readonly user?: string
  readonly env?: Readonly<Record<string, string>>
}

/** How one engine is installed, started and asked. */
export interface EngineKind {
  /** Why it cannot be started here; undefined: it can. */
  missing(): string | undefined
  /** Does nothing if it is installed already; says whether it did something. Rejects with what is lacking. */
  install(): Promise<boolean>
  /** Lays out the data directory. */
  prepare(start: Start): Promise<Command>
  /** Ends it in an orderly way, without waiting for its clients. */
  readonly stopSignal: NodeJS.Signals
  url(port: number): string
  /** Its version, as soon as it answers requests; undefined before. */
  version(port: number): Promise<string | undefined>
}
