import type { Written } from '../../storage/batching/written.ts'

/** Queries, of which one at least matches what a field says of a batch that does not count, or not yet. */
export const notWritten = (field: string, { last, gaps }: Written): object[] => [
  { range: { [field]: { gt: last } } },
  ...gaps.map(({ after, through }) => ({ range: { [field]: { gt: after, lte: through } } }))
]
