/** Runs at most so much work at a time; what comes meanwhile waits for its turn, in the order in which it came. */
export const createLimit = (most: number) => {
  const queue: (() => void)[] = []
  let running = 0
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= most) await new Promise<void>((resolve) => queue.push(resolve))
    else running += 1
    try {
      return await work()
    } finally {
      const next = queue.shift()
      // The turn goes to the next one.
      if (next === undefined) running -= 1
      else next()
    }
  }
}
