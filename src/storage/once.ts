/** Makes a thing once for each key. After a failure the next caller tries again. */
export interface Once<Made> {
  get(key: string, make: () => Promise<Made>): Promise<Made>
  forget(key: string): void
  /** Everything that was made, or is being made. */
  all(): readonly Promise<Made>[]
}

export const createOnce = <Made>(): Once<Made> => {
  const made = new Map<string, Promise<Made>>()
  return {
    get: (key, make) => {
      const present = made.get(key)
      if (present !== undefined) return present
      const making = make()
      made.set(key, making)
      making.catch(() => made.delete(key))
      return making
    },
    forget: (key) => {
      made.delete(key)
    },
    all: () => [...made.values()]
  }
}
