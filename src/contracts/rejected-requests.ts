/** A request to store statements of which nothing, or not everything, was stored. */
export interface RejectedRequest {
  readonly username: string
  readonly version: string
  readonly contentType: string
  /** Code and sentence of the error, and what is wrong with which statement, as the client was told. */
  readonly error: string
  readonly message: string
  readonly details: { readonly [name: string]: unknown }
  /** As it was sent. */
  readonly body: Uint8Array
}

/** Keeps rejected requests, so that somebody can look at them and send them again. */
export interface RejectedRequests {
  /** Never throws and never waits: what cannot be kept is said in the log. */
  add(rejected: RejectedRequest): void
  /** When all that was added is on the disk. */
  close(): Promise<void>
}
