/** What goes from thread to thread: the bytes are handed over, whatever else there is must be cloneable and small. */
export interface Piece {
  readonly bytes: Uint8Array
}

/** Maps one piece. It keeps no state from one piece to the next: which thread sees which piece is not said. */
export type Work<In extends Piece, Out extends Piece> = (piece: In) => Out

/** What a module for `mapInOrder` exports under the name `createWork`. */
export type CreateWork<Data, In extends Piece, Out extends Piece> = (
  data: Data
) => Work<In, Out> | Promise<Work<In, Out>>
