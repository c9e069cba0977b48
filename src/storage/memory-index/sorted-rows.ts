/**
 * Lists of rows (small numbers) in an order that only their owner knows, and the rows that they have in common. New rows nearly always come
 * last, so lists are plain arrays. Every `as` below is an index within the bounds of its list.
 */

/** Negative when `one` comes before `other`, 0 only for the same row. */
export type RowOrder = (one: number, other: number) => number

/** The index of the first row that is not before the wanted one. `order(row)` describes the wanted one: below 0 for rows before it. */
export const firstNotBefore = (rows: readonly number[], order: (row: number) => number): number => {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (order(rows[middle] as number) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Adds a row in its place, unless the list has it. */
export const insertRow = (rows: number[], row: number, order: RowOrder): void => {
  const last = rows.at(-1)
  if (last === undefined || order(last, row) < 0) {
    rows.push(row)
    return
  }
  const index = firstNotBefore(rows, (each) => order(each, row))
  if (rows[index] !== row) rows.splice(index, 0, row)
}

/** Sorts rows that were added in any order, and removes repetitions. */
export const sortRows = (rows: number[], order: RowOrder): void => {
  rows.sort(order)
  let kept = 0
  for (const [index, row] of rows.entries()) {
    if (index > 0 && rows[kept - 1] === row) continue
    rows[kept] = row
    kept += 1
  }
  rows.length = kept
}

/** Starting at `start`: the index of the first row that is not before `row` in this direction. After the end if there is none. */
const leap = (rows: readonly number[], start: number, row: number, step: 1 | -1, order: RowOrder): number => {
  const before = (index: number): boolean => step * order(rows[index] as number, row) < 0
  const inside = (index: number): boolean => index >= 0 && index < rows.length
  let near = start
  if (!inside(near) || !before(near)) return near
  let distance = 1
  while (inside(near + step * distance) && before(near + step * distance)) {
    near += step * distance
    distance *= 2
  }
  // `near` is before the row. `far` is not, or is after the end.
  let far = near + step * distance
  if (far < 0) far = -1
  if (far > rows.length) far = rows.length
  while (Math.abs(far - near) > 1) {
    const middle = (near + far) >> 1
    if (before(middle)) near = middle
    else far = middle
  }
  return far
}

/**
 * The rows that are in all lists, one by one, from index `start` of the first list. The first should be the shortest: each step skips what
 * cannot be in all lists.
 */
export function* commonRows(
  [first, ...others]: readonly (readonly number[])[],
  start: number,
  step: 1 | -1,
  order: RowOrder
): Generator<number> {
  if (first === undefined) return
  const places = others.map((rows) => (step === 1 ? 0 : rows.length - 1))
  let place = start
  search: for (let row = first[place]; row !== undefined; row = first[place]) {
    for (const [index, rows] of others.entries()) {
      const at = leap(rows, places[index] as number, row, step, order)
      places[index] = at
      const found = rows[at]
      if (found === undefined) return
      if (found !== row) {
        place = leap(first, place, found, step, order)
        continue search
      }
    }
    yield row
    place += step
  }
}
