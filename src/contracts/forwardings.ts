/** One forwarding, for the statements of one target. */
export interface ForwardingStatus {
  readonly name: string
  /** Origin and path of the receiver, without anything that could be secret. */
  readonly place: string
  /** Undefined: the default target. */
  readonly target: string | undefined
  /**
   * `inactive`: paused by its setting. `elsewhere`: another server of the same store does it. `trouble`: the receiver or the
   * store has a problem; it is tried again.
   */
  readonly state: 'ok' | 'trouble' | 'elsewhere' | 'inactive'
  /** The problem. Undefined: there is none. */
  readonly detail: string | undefined
  /** When the problem began, as a timestamp. */
  readonly since: string | undefined
  /** `stored` of the oldest statement that is not delivered yet. Undefined: there is none, or this server does not know it. */
  readonly oldestUndelivered: string | undefined
  /** Seconds since that time. 0: everything stored is delivered. */
  readonly lag: number
  /** Delivered by this process since it started. */
  readonly delivered: number
  readonly deadLetters: number
  /** `stored` of the last statement that was delivered or refused. */
  readonly doneThrough: string | undefined
}

/** A statement that the receiver has refused for good. It stays in the store. */
export interface RefusedStatement {
  /** The id of the statement. */
  readonly id: string
  /** The reason given by the receiver. */
  readonly reason: string
  /** The last time it was refused. */
  readonly time: string
  /** Undefined: the default target. */
  readonly target?: string
}

export interface ReplayReport {
  readonly delivered: number
  /** Those that the receiver refused again; they stay dead letters. */
  readonly refused: readonly RefusedStatement[]
}

/** The forwardings of a server to other LRSs. Every call but `status` rejects with `NOT_FOUND` for an unknown name. */
export interface Forwardings {
  status(): Promise<readonly ForwardingStatus[]>
  /** One page, ordered by target and id, after the dead letter `after`. */
  deadLetters(name: string, options: DeadLetterPage): Promise<readonly RefusedStatement[]>
  /** Sends dead letters again, all or those with these ids. Rejects with `STORE_UNAVAILABLE` if the receiver is unreachable. */
  replay(name: string, ids: readonly string[] | undefined, signal: AbortSignal): Promise<ReplayReport>
  /** Deletes dead letters. Resolves with their number. */
  discard(name: string, ids: readonly string[]): Promise<number>
}

export interface DeadLetterPage {
  readonly after?: Pick<RefusedStatement, 'id' | 'target'> | undefined
  readonly limit: number
}
