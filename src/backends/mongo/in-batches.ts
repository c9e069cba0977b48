/** Sends requests one after another, so that no request takes long. Parallel requests would not be faster on a busy server. */
export const inBatches = async <Each>(
  all: readonly Each[],
  size: number,
  request: (some: readonly Each[]) => Promise<unknown>
): Promise<void> => {
  for (let start = 0; start < all.length; start += size) await request(all.slice(start, start + size))
}

/** Documents of one write request. For usual statements these are a few megabytes. */
export const maxWrites = 1000
