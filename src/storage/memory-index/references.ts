import type { StatementId } from '../../xapi/statement.ts'
import type { IndexRow, IndexRows, TermLists } from './term-lists.ts'

/** References in both directions, and the terms that rows have through them. `inherited` gets each number of a term and its new row. */
export const createReferences = (
  { ids, rowOf }: IndexRows,
  lists: TermLists,
  inherited: (number: number, row: IndexRow) => void
) => {
  /** For rows that target others: the terms that others may inherit from them, including those that they inherit. */
  const through = new Map<IndexRow, Set<number>>()
  const referrers = new Map<StatementId, IndexRow[]>()

  const termsOf = (row: IndexRow): Iterable<number> => through.get(row) ?? lists.termsOf(row)

  const linkTarget = (row: IndexRow, target: StatementId): void => {
    const others = referrers.get(target)
    if (others === undefined) referrers.set(target, [row])
    else others.push(row)
    const own = new Set(termsOf(row))
    const targetRow = rowOf.get(target)
    if (targetRow !== undefined) for (const number of termsOf(targetRow)) own.add(number)
    through.set(row, own)
  }

  /**
   * A referrer always has what its target has. If nothing is new, nothing is passed on. So a circle of references ends, and long chains of
   * equal statements stay cheap.
   */
  const handDown = function* (start: IndexRow): Generator<void, void, void> {
    const waiting = [{ row: start, numbers: [...termsOf(start)] }]
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      for (const referrer of referrers.get(ids[next.row] as StatementId) ?? []) {
        const known = through.get(referrer) as Set<number>
        const news = next.numbers.filter((number) => !known.has(number))
        for (const number of news) {
          known.add(number)
          inherited(number, referrer)
        }
        if (news.length > 0) waiting.push({ row: referrer, numbers: news })
        yield
      }
    }
  }

  return { referrers, termsOf, linkTarget, handDown }
}
