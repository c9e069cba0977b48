import { groupsBySize } from '../../xapi/groups.ts'

/** Bytes that one SQL statement sends or reads, unless a single value is larger. */
const mostBytes = 2 ** 23

/** The largest number of values in one SQL statement. */
const mostValues = 100

/** Splits items that are too many for one SQL statement. */
export const batchesOf = <Item>(items: readonly Item[], sizeOf: (item: Item) => number): (readonly Item[])[] => [
  ...groupsBySize(items, sizeOf, mostBytes, mostValues)
]
