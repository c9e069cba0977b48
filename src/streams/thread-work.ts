/** What goes from thread to thread: the bytes are handed over, whatever else there is must be cloneable and small. */
export interface ThreadChunk {
  readonly bytes: Uint8Array
}

/** Maps one piece. It keeps no state from one piece to the next: which thread sees which piece is not said. */
export type ThreadWork<In extends ThreadChunk, Out extends ThreadChunk> = (piece: In) => Out

/** What a module for `mapInOrder` exports under the name `createWork`. */
export type CreateWork<Data, In extends ThreadChunk, Out extends ThreadChunk> = (
  data: Data
) => ThreadWork<In, Out> | Promise<ThreadWork<In, Out>>
