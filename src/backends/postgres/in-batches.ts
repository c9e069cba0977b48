import { groupsBySize } from '../../xapi/groups.ts'

/** Bytes that are sent or read in one statement of SQL, unless a single value is larger. */
const mostBytes = 2 ** 23

/** So many values in one statement of SQL, at most. */
const mostValues = 100

/** Divides what is too much for one statement of SQL. */
export const batchesOf = <Item>(items: readonly Item[], sizeOf: (item: Item) => number): (readonly Item[])[] => [
  ...groupsBySize(items, sizeOf, mostBytes, mostValues)
]
