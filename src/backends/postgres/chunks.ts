/** Bytes that are sent or read in one statement of SQL, unless a single value is larger. */
const pieceSize = 2 ** 23

/** So many values in one statement of SQL, at most. */
const mostInOne = 100

/** Divides what is too much for one statement of SQL. */
export const piecesOf = <Item>(items: readonly Item[], sizeOf: (item: Item) => number): Item[][] => {
  const pieces: Item[][] = []
  let total = 0
  for (const item of items) {
    const last = pieces.at(-1)
    const size = sizeOf(item)
    if (last !== undefined && last.length < mostInOne && total + size <= pieceSize) {
      last.push(item)
      total += size
    } else {
      pieces.push([item])
      total = size
    }
  }
  return pieces
}
