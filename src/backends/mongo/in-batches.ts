/** Sends requests one after another, so that none takes long. Several at once would be no faster on a busy server. */
export const inBatches = async <Each>(
  all: readonly Each[],
  size: number,
  request: (some: readonly Each[]) => Promise<unknown>
): Promise<void> => {
  for (let start = 0; start < all.length; start += size) await request(all.slice(start, start + size))
}

/** Documents that one request writes: some megabytes, as statements are. */
export const maxWrites = 1000
