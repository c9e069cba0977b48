import type { Written } from '../../storage/batching/written.ts'

/** Queries for batches that do not count, or do not count yet. At least one query matches each such value of the field. */
export const notWritten = (field: string, { last, gaps }: Written): object[] => [
  { range: { [field]: { gt: last } } },
  ...gaps.map(({ after, through }) => ({ range: { [field]: { gt: after, lte: through } } }))
]
