/** A request to store statements of which nothing, or not everything, was stored. */
export interface RejectedRequest {
  readonly username: string
  readonly version: string
  readonly contentType: string
  /** The code and the message of the error, with the problems of each statement, as the client got them. */
  readonly error: string
  readonly message: string
  readonly details: { readonly [name: string]: unknown }
  /** As it was sent. */
  readonly body: Uint8Array
}

/** Keeps rejected requests, so that somebody can examine them and send them again. */
export interface RejectedRequests {
  /** It never throws and never waits. A request that cannot be kept is logged. */
  add(rejected: RejectedRequest): void
  /** Resolves when everything that was added is on the disk. */
  close(): Promise<void>
}
