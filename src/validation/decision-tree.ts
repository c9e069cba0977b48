/** Which values a model is for: the required value at each path, e.g. `verb.id`. For a list, one of its values. */
export interface Selector {
  readonly [path: string]: string | readonly string[] | { readonly valueOf: string }
}

export interface Selectable {
  readonly selector: Selector
}

type Keys = readonly string[]

/** `object.definition.type` */
const keysOf = (path: string): Keys => path.split('.')

const valueAt = (value: unknown, keys: Keys): unknown => {
  let at = value
  for (const key of keys) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Readonly<Record<string, unknown>>)[key]
  }
  return at
}

interface Leaf<Model> {
  readonly models: readonly Model[]
  /** A model that compares two members of a value is asked last. */
  readonly comparisons: readonly { readonly model: Model; readonly pairs: readonly (readonly [Keys, Keys])[] }[]
}

interface Branch<Model> {
  readonly keys: Keys
  readonly byValue: ReadonlyMap<unknown, Tree<Model>>
  /** The tree for every other value. */
  readonly otherwise: Tree<Model>
}

type Tree<Model> = Leaf<Model> | Branch<Model>

const isList = (wanted: Selector[string]): wanted is readonly string[] => Array.isArray(wanted)

/** The values of which one must be at a path. None if the path is compared with another path. */
const wantedAt = ({ selector }: Selectable, path: string): readonly string[] => {
  const wanted = selector[path]
  if (wanted === undefined) return []
  if (typeof wanted === 'string') return [wanted]
  return isList(wanted) ? wanted : []
}

const fixedPaths = (model: Selectable, asked: ReadonlySet<string>): readonly string[] =>
  Object.keys(model.selector).filter((path) => wantedAt(model, path).length > 0 && !asked.has(path))

/** The path that most models ask for. */
const bestPath = (models: readonly Selectable[], asked: ReadonlySet<string>): string | undefined => {
  const counts = new Map<string, number>()
  for (const model of models) for (const path of fixedPaths(model, asked)) counts.set(path, (counts.get(path) ?? 0) + 1)
  let best: string | undefined
  for (const [path, count] of counts) if (best === undefined || count > (counts.get(best) ?? 0)) best = path
  return best
}

const leafOf = <Model extends Selectable>(models: readonly Model[]): Leaf<Model> => {
  const comparisons = models.map((model) => ({
    model,
    pairs: Object.entries(model.selector).flatMap(([path, wanted]) =>
      typeof wanted === 'string' || isList(wanted) ? [] : [[keysOf(path), keysOf(wanted.valueOf)] as const]
    )
  }))
  return { models, comparisons: comparisons.some(({ pairs }) => pairs.length > 0) ? comparisons : [] }
}

const grow = <Model extends Selectable>(models: readonly Model[], asked: ReadonlySet<string>): Tree<Model> => {
  const path = bestPath(models, asked)
  if (path === undefined) return leafOf(models)
  const next = new Set([...asked, path])
  const asks = (model: Model): boolean => wantedAt(model, path).length > 0
  const values = new Set(models.flatMap((model) => wantedAt(model, path)))
  const byValue = new Map(
    [...values].map((value) => [
      value,
      grow(
        models.filter((model) => !asks(model) || wantedAt(model, path).includes(value)),
        next
      )
    ])
  )
  const others = models.filter((model) => !asks(model))
  return { keys: keysOf(path), byValue, otherwise: grow(others, next) }
}

/** Finds the models that are for a value, in the order in which they are given here. */
export const createSelect = <Model extends Selectable>(
  models: readonly Model[]
): ((value: unknown) => readonly Model[]) => {
  const tree = grow(models, new Set())
  return (value) => {
    let at = tree
    while ('keys' in at) at = at.byValue.get(valueAt(value, at.keys)) ?? at.otherwise
    if (at.comparisons.length === 0) return at.models
    return at.comparisons
      .filter(({ pairs }) => pairs.every(([one, other]) => valueAt(value, one) === valueAt(value, other)))
      .map(({ model }) => model)
  }
}
