/** What a set of documents belongs to, as `DocumentScope` has it. */
interface Scope {
  readonly kind: string
  readonly activity?: string
  readonly agent?: string
  readonly registration?: string
}
type Key = Scope & { readonly id: string }

/** Documents, or where they are, by their keys in memory. */
export interface DocumentIndex<Entry> {
  get(key: Key): Entry | undefined
  set(key: Key, entry: Entry): void
  delete(key: Key): void
  /** Those of a scope; of a State scope without registration those of any registration and of none (C 2.3). */
  within(scope: Scope): Generator<readonly [id: string, entry: Entry]>
  clear(scope: Scope): void
  all(): Generator<readonly [key: Key, entry: Entry]>
}

interface Owned<Entry> {
  readonly scope: Scope
  /** By registration, '' for none, and id. */
  readonly byRegistration: Map<string, Map<string, Entry>>
}

export const createDocumentIndex = <Entry>(): DocumentIndex<Entry> => {
  const owners = new Map<string, Owned<Entry>>()
  const ownerOf = ({ kind, activity, agent }: Scope): string => JSON.stringify([kind, activity, agent])

  const documentsAt = (scope: Scope): Map<string, Entry> | undefined =>
    owners.get(ownerOf(scope))?.byRegistration.get(scope.registration ?? '')

  return {
    get: (key) => documentsAt(key)?.get(key.id),
    set: ({ id, ...scope }, entry) => {
      const owner = owners.get(ownerOf(scope)) ?? { scope, byRegistration: new Map<string, Map<string, Entry>>() }
      owners.set(ownerOf(scope), owner)
      const documents = owner.byRegistration.get(scope.registration ?? '') ?? new Map<string, Entry>()
      owner.byRegistration.set(scope.registration ?? '', documents)
      documents.set(id, entry)
    },
    delete: (key) => {
      documentsAt(key)?.delete(key.id)
    },
    within: function* (scope) {
      for (const [registration, documents] of owners.get(ownerOf(scope))?.byRegistration ?? []) {
        if (scope.registration === undefined || scope.registration === registration) yield* documents
      }
    },
    clear: (scope) => {
      if (scope.registration === undefined) owners.delete(ownerOf(scope))
      else owners.get(ownerOf(scope))?.byRegistration.delete(scope.registration)
    },
    all: function* () {
      for (const { scope, byRegistration } of owners.values()) {
        const { registration: _, ...owner } = scope
        for (const [registration, documents] of byRegistration) {
          for (const [id, entry] of documents) {
            yield [{ ...owner, ...(registration === '' ? {} : { registration }), id }, entry]
          }
        }
      }
    }
  }
}
