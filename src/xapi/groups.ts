/**
 * Groups of at most `mostItems` neighbours whose sizes together are at most `most`, in their order. An item that is larger is a group by
 * itself.
 */
export function* groupsBySize<Item>(
  items: readonly Item[],
  sizeOf: (item: Item) => number,
  most: number,
  mostItems = Number.POSITIVE_INFINITY
): Generator<readonly Item[]> {
  let group: Item[] = []
  let size = 0
  for (const item of items) {
    const more = sizeOf(item)
    if (group.length === mostItems || (group.length > 0 && size + more > most)) {
      yield group
      group = []
      size = 0
    }
    group.push(item)
    size += more
  }
  if (group.length > 0) yield group
}
