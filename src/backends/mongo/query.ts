import type { CallOptions, StatementPage, StoredStatement } from '../../contracts/statement-store.ts'
import type { Snapshots } from '../../storage/batching/snapshots.ts'
import { maxPageSize, type Position, type StatementQuery } from '../../xapi/filters.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import type { StatementText } from './document-types.ts'
import { type FindPlan, isStored, isValid, isVoided, planAll, planFind, planIds, tokensOfQuery } from './find-plan.ts'
import { createLeadingToken } from './first-filter.ts'
import { readProjection, readStored, sizeOf } from './statement-document.ts'

export interface Queries {
  query(query: StatementQuery, options?: CallOptions): Promise<StatementPage>
  find(
    id: StatementId,
    wanted: { readonly voided: boolean },
    options?: CallOptions
  ): Promise<StoredStatement | undefined>
  findAll(ids: readonly StatementId[], options?: CallOptions): Promise<StatementPage>
  /** Every statement, voided or not, oldest first. */
  all(after: Position | undefined, limit: number, options?: CallOptions): Promise<StatementPage>
}

const whole = ({ id, stored, text = '' }: StatementText): StoredStatement => ({ id, stored, text })

export const createQueries = (collections: Collections, snapshots: Snapshots): Queries => {
  const { statements } = collections
  const leadingOf = createLeadingToken(collections)

  /** Fetches no more text than fits into a page: the server would send as much at a time. */
  const fetchPage = async (
    { filter, sort, hint }: FindPlan,
    limit: number,
    signal: AbortSignal | undefined
  ): Promise<StatementPage> => {
    const cursor = statements.find<{ readonly ralph: StatementText }>(filter, {
      projection: readProjection,
      sort,
      hint,
      limit: limit + 1,
      // It is greater than the number of results, so the server keeps no cursor.
      batchSize: limit + 2,
      enableUtf8Validation: false,
      maxTimeMS: timeLimits.read,
      signal
    })
    const page: StoredStatement[] = []
    let size = 0
    try {
      while (await cursor.hasNext()) {
        // Takes all documents of one answer, without a turn of the event loop for each.
        for (const { ralph } of cursor.readBufferedDocuments()) {
          size += sizeOf(ralph)
          if (page.length === limit || (page.length > 0 && size > maxPageSize)) return { statements: page, more: true }
          page.push(ralph.parts === undefined ? whole(ralph) : await readStored(collections, ralph, signal))
        }
      }
      return { statements: page, more: false }
    } finally {
      await cursor.close()
    }
  }

  return {
    query: async (query, { signal } = {}) => {
      const leading = await leadingOf(tokensOfQuery(query), signal)
      return snapshots.read((written) => fetchPage(planFind(query, leading, written), query.limit, signal))
    },
    find: (id, { voided }, { signal } = {}) =>
      snapshots.read(async (written) => {
        const found = await statements.findOne<{ readonly ralph: StatementText }>(
          { $and: [{ 'ralph.id': id }, ...isStored(written), voided ? isVoided(written) : isValid(written)] },
          { projection: readProjection, enableUtf8Validation: false, maxTimeMS: timeLimits.read, signal }
        )
        return found === null ? undefined : readStored(collections, found.ralph, signal)
      }),
    findAll: (ids, { signal } = {}) =>
      snapshots.read((written) => fetchPage(planIds(ids, written), ids.length, signal)),
    all: (after, limit, { signal } = {}) => {
      const query = { ascending: true, limit, ...(after === undefined ? {} : { after }) }
      return snapshots.read((written) => fetchPage(planAll(query, written), limit, signal))
    }
  }
}
