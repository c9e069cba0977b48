/** One forwarding, for the statements of one target. */
export interface ForwardingStatus {
  readonly name: string
  /** Origin and path of the receiver; nothing that can be a secret. */
  readonly place: string
  /** Undefined: the default one. */
  readonly target: string | undefined
  /**
   * `inactive`: the setting says that it rests. `elsewhere`: another server of the same store does it. `trouble`: the receiver
   * or the store does not do what is needed; it is tried again.
   */
  readonly state: 'ok' | 'trouble' | 'elsewhere' | 'inactive'
  /** What is wrong. Undefined: nothing is. */
  readonly detail: string | undefined
  /** When that began, as a timestamp. */
  readonly since: string | undefined
  /** `stored` of the oldest statement that is not delivered yet; undefined: there is none, or this server does not know it. */
  readonly oldestUndelivered: string | undefined
  /** Seconds since that time; 0: everything that was stored is delivered. */
  readonly lag: number
  /** Delivered by this process since it started. */
  readonly delivered: number
  readonly deadLetters: number
  /** `stored` of the last statement that is done with. */
  readonly doneThrough: string | undefined
}

/** A statement that the receiver has refused for good. The statement itself stays in the store. */
export interface RefusedStatement {
  /** Of the statement. */
  readonly id: string
  /** What the receiver said. */
  readonly reason: string
  /** The last time it was refused. */
  readonly time: string
  /** Undefined: the default one. */
  readonly target?: string
}

export interface ReplayReport {
  readonly delivered: number
  /** Those that the receiver refused again; they stay dead letters. */
  readonly refused: readonly RefusedStatement[]
}

/** Statements that go on to other LRSs. Every call but `status` is `NOT_FOUND` for a name that no forwarding has. */
export interface Forwardings {
  status(): Promise<readonly ForwardingStatus[]>
  /** One page, in the order of targets and ids, after the letter `after`. */
  deadLetters(name: string, options: DeadLetterPage): Promise<readonly RefusedStatement[]>
  /** Sends dead letters again, all that there are unless ids are given. `STORE_UNAVAILABLE` when the receiver is away. */
  replay(name: string, ids: readonly string[] | undefined, signal: AbortSignal): Promise<ReplayReport>
  /** Forgets dead letters; gives how many there were. */
  discard(name: string, ids: readonly string[]): Promise<number>
}

export interface DeadLetterPage {
  readonly after?: Pick<RefusedStatement, 'id' | 'target'> | undefined
  readonly limit: number
}
