/** What is sent between threads. The bytes are transferred; the rest must be cloneable and small. */
export interface ThreadChunk {
  readonly bytes: Uint8Array
}

/** Maps one piece. It keeps no state between pieces, because any thread may get any piece. */
export type ThreadWork<In extends ThreadChunk, Out extends ThreadChunk> = (piece: In) => Out

/** What a module for `mapInOrder` exports under the name `createWork`. */
export type CreateWork<Data, In extends ThreadChunk, Out extends ThreadChunk> = (
  data: Data
) => ThreadWork<In, Out> | Promise<ThreadWork<In, Out>>
