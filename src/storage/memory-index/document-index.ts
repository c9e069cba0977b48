/** The scope of documents, as in `DocumentScope`. */
interface Scope {
  readonly kind: string
  readonly activity?: string
  readonly agent?: string
  readonly registration?: string
}

interface Identified extends Scope {
  readonly id: string
}

/** Documents, or their positions, by their keys in memory. */
export interface DocumentIndex<Key extends Identified, Entry> {
  get(key: Key): Entry | undefined
  set(key: Key, entry: Entry): void
  delete(key: Key): void
  /**
   * The documents of a scope. A State scope without registration includes those with any registration and with none (Communication §2.3).
   */
  within(scope: Scope): Generator<readonly [key: Key, entry: Entry]>
  all(): Generator<readonly [key: Key, entry: Entry]>
}

/** Without the registration. */
const ownerOf = ({ kind, activity, agent }: Scope): string => JSON.stringify([kind, activity ?? '', agent ?? ''])
const placeIn = ({ registration, id }: Identified): string => JSON.stringify([registration ?? '', id])

/** Whether two keys name the same document. */
export const isSameKey = (one: Identified, other: Identified): boolean =>
  ownerOf(one) === ownerOf(other) && placeIn(one) === placeIn(other)

export const createDocumentIndex = <Key extends Identified, Entry>(): DocumentIndex<Key, Entry> => {
  const owners = new Map<string, Map<string, readonly [key: Key, entry: Entry]>>()
  return {
    get: (key) => owners.get(ownerOf(key))?.get(placeIn(key))?.[1],
    set: (key, entry) => {
      const owner = ownerOf(key)
      const documents = owners.get(owner)
      if (documents === undefined) owners.set(owner, new Map([[placeIn(key), [key, entry]]]))
      else documents.set(placeIn(key), [key, entry])
    },
    delete: (key) => {
      const documents = owners.get(ownerOf(key))
      documents?.delete(placeIn(key))
      if (documents?.size === 0) owners.delete(ownerOf(key))
    },
    within: function* (scope) {
      for (const [key, entry] of owners.get(ownerOf(scope))?.values() ?? []) {
        if (scope.registration === undefined || scope.registration === key.registration) yield [key, entry]
      }
    },
    all: function* () {
      for (const documents of owners.values()) yield* documents.values()
    }
  }
}
