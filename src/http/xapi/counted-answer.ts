import type { Answer } from './resource.ts'

/** Bytes that are handed to a connection at once: views of the piece they are part of. */
const slice = 2 ** 18

/** A piece that turns out longer than was thought is counted before it is sent. */
async function* sliced(
  pieces: AsyncIterable<Buffer>,
  holds: number,
  count: (bytes: number) => void
): AsyncGenerator<Buffer> {
  let held = holds
  for await (const piece of pieces) {
    if (piece.length > held) {
      count(piece.length - held)
      held = piece.length
    }
    for (let at = 0; at < piece.length; at += slice) yield piece.subarray(at, at + slice)
  }
}

/**
 * The body of an answer, counted until it was sent: all of it, or of one that is made while it is sent as much as is in memory
 * at once. `count` may refuse.
 */
export const counted = (body: Answer['body'], count: (bytes: number) => void): Answer['body'] => {
  if (body === undefined) return body
  if (typeof body === 'string') count(Buffer.byteLength(body))
  else if (Buffer.isBuffer(body)) count(body.length)
  else {
    count(body.holds)
    return { ...body, pieces: sliced(body.pieces, body.holds, count) }
  }
  return body
}
