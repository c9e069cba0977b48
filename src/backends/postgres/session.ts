import { begin, commit, type Query } from './query-text.ts'

type Rows<Each extends readonly (readonly unknown[])[]> = { readonly [at in keyof Each]: readonly Each[at][] }
type Queries<Each extends readonly (readonly unknown[])[]> = { readonly [at in keyof Each]: Query<Each[at]> }

/** One connection, for one user at a time. */
export interface Session {
  /** Sends the queries together and waits for all answers: one round trip. Throws the first failure. */
  run<Each extends readonly (readonly unknown[])[]>(...queries: Queries<Each>): Promise<Rows<Each>>
  /**
   * Sends queries with large values, a few megabytes at a time. The driver copies all that it is given at once. Small queries are sent
   * together. Throws the first failure, and then sends nothing more. Returns the rows of each query.
   */
  send<Row extends readonly unknown[]>(queries: Iterable<Query<Row>>): Promise<readonly (readonly Row[])[]>
  /** Returns the connection to the pool, or closes it, which undoes its transaction. */
  release(isReusable: boolean): void
}

/** Bytes that are sent before the answers are awaited. */
const mostPending = 2 ** 22

const sizeOf = ({ values }: Pick<Query<never>, 'values'>): number =>
  values.reduce<number>((sum, value) => {
    if (typeof value === 'string') return sum + value.length
    return value instanceof Uint8Array ? sum + value.byteLength : sum
  }, 0)

interface SessionParts {
  send<Row extends readonly unknown[]>(query: Query<Row>): Promise<readonly Row[]>
  /** The error for the caller. */
  errorOf(error: unknown): unknown
  /** Called with the queries that succeeded. */
  done(queries: readonly unknown[]): void
  release(isReusable: boolean): void
}

export const createSession = ({ send, errorOf, done, release }: SessionParts): Session => {
  const all = async <Row extends readonly unknown[]>(
    queries: readonly Query<Row>[],
    answers: readonly Promise<readonly Row[]>[]
  ): Promise<(readonly Row[])[]> => {
    const rows: (readonly Row[])[] = []
    for (const answer of await Promise.allSettled(answers)) {
      if (answer.status === 'rejected') throw errorOf(answer.reason)
      rows.push(answer.value)
    }
    done(queries)
    return rows
  }

  return {
    run: async <Each extends readonly (readonly unknown[])[]>(...queries: Queries<Each>) =>
      // One answer for each query, in the same order.
      (await all(
        queries,
        queries.map((query) => send(query))
      )) as readonly (readonly (readonly unknown[])[])[] as Rows<Each>,
    send: async <Row extends readonly unknown[]>(queries: Iterable<Query<Row>>) => {
      const rows: (readonly Row[])[] = []
      let sent: Query<Row>[] = []
      let answers: Promise<readonly Row[]>[] = []
      let pending = 0
      for (const query of queries) {
        sent.push(query)
        answers.push(send(query))
        pending += sizeOf(query)
        if (pending < mostPending) continue
        rows.push(...(await all(sent, answers)))
        sent = []
        answers = []
        pending = 0
      }
      rows.push(...(await all(sent, answers)))
      return rows
    },
    release
  }
}

function* inTransaction<Row extends readonly unknown[]>(queries: Iterable<Query<Row>>): Generator<Query<Row>> {
  yield begin
  yield* queries
  yield commit
}

/** Runs queries of any size in one transaction, and returns the rows of the queries. */
export const writeAll = async <Row extends readonly unknown[]>(
  { session }: { session(): Promise<Session> },
  queries: Iterable<Query<Row>>
): Promise<readonly (readonly Row[])[]> => {
  const own = await session()
  let isDone = false
  try {
    const rows = await own.send(inTransaction(queries))
    isDone = true
    return rows.slice(1, -1)
  } finally {
    // A transaction that failed ends with its connection.
    own.release(isDone)
  }
}
