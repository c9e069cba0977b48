import type { Clock } from '../../contracts/clock.ts'
import type {
  AttachmentContent,
  CallOptions,
  InsertReport,
  StatementBatch,
  StoredStatement
} from '../../contracts/statement-store.ts'
import type { Rewriting } from '../../contracts/store-rewriting.ts'
import { type ErrorCode, RalphError } from '../../errors.ts'
import type { Statement, StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { BatchEngine, Lookup, Removal, WriteSession } from './engine.ts'
import { inTurns } from './group-commit.ts'
import { createTimes, insertJob, type Job, restoreJob, rewriteJob, timeJob } from './jobs.ts'
import { createMetadataMerger, type DescribingStatement } from './merge-metadata.ts'
import { createPlan, idsToLookUp, lookUpAll, withoutStatements } from './plan.ts'
import { createBatchQueue } from './queue.ts'

export interface BatchedWriterOptions {
  readonly engine: BatchEngine
  readonly clock: Clock
  /** Milliseconds for which the first request waits for others that share its batch. */
  readonly delay: number
}

/** Writes the statements of a database server. It is the half of a `StatementStore` that all of them share. */
export interface BatchedWriter {
  /** `StatementStore.insert`. Rejects with `OVERLOADED` if more is waiting than memory should hold. */
  insert(batch: StatementBatch, options?: CallOptions): Promise<InsertReport>
  /** `StoreCopy.restoreStatements`. `define` is as in `StatementBatch`, true unless given. */
  restore(
    statements: readonly StoredStatement[],
    attachments: readonly AttachmentContent[],
    options?: CallOptions & { readonly define?: boolean }
  ): Promise<InsertReport>
  /** `StoreRewriting.rewrite`. */
  rewrite(rewriting: Rewriting, options?: CallOptions): Promise<void>
  /** `StatementStore.consistentThrough`. In an idle store it is a promise that the next session, of any process, will keep. */
  consistentThrough(options?: CallOptions): Promise<Micros>
  /** Finishes what was accepted, then refuses with `STORE_UNAVAILABLE`. It may be called twice. */
  close(): Promise<void>
}

/** Microseconds. An older promise is renewed when somebody asks. Not every reader should cost a write. */
const longestKnown = 1_000_000

/** These codes mean that the engine is not well. With any other code, the engine refused the content. */
const engineFailures: ReadonlySet<ErrorCode> = new Set([
  'STORE_UNAVAILABLE',
  'STORE_FULL',
  'STORE_CORRUPT',
  'STORE_IN_USE'
])

/** Looking up a referring statement costs about as much as inheriting this many tokens. */
const tokensOfReferrer = 10

/** Milliseconds. After a failure of the engine, the requests that have waited this long are refused too. */
const longWait = 1000

type Outcome = { readonly report: InsertReport } | { readonly error: unknown }

type MetadataMerger = ReturnType<typeof createMetadataMerger>

interface Written {
  readonly outcomes: Outcome[]
  /** The latest time that was written. */
  readonly last: Micros
}

/** What the rewriting jobs remove. What they rewrite is removed too, and stored again. */
const removalOf = (
  rewritings: readonly Rewriting[],
  ids: ReadonlySet<StatementId>,
  { present }: Lookup
): Removal | undefined =>
  rewritings.length === 0
    ? undefined
    : {
        statements: [...ids].flatMap((id) => present.get(id) ?? []),
        attachments: rewritings.flatMap(({ attachments }) => attachments),
        agents: rewritings.flatMap(({ agents }) => agents),
        activities: rewritings.flatMap(({ activities }) => activities),
        verbs: rewritings.flatMap(({ verbs }) => verbs)
      }

/** Plans all jobs and writes the result. Every job has its outcome when this is durable. */
const writeJobs = async (
  jobs: readonly Job[],
  session: WriteSession,
  { clock, merger }: { readonly clock: Clock; readonly merger: MetadataMerger }
): Promise<Written> => {
  const ids = idsToLookUp(jobs.flatMap(({ statements }) => statements))
  for (const { inheritance } of jobs) inheritance?.begin()
  const rewritings = jobs.flatMap(({ rewriting }) => rewriting ?? [])
  const removed = new Set(rewritings.flatMap((each) => [...each.removed, ...each.rewritten.map(({ id }) => id)]))
  const found = await lookUpAll(ids, session.lookUp, [...session.unfinished, ...removed], (referrers) => {
    // If it fails, each job is tried in its own batch, which shows whose fault it is.
    for (const { inheritance } of jobs) inheritance?.take(referrers * tokensOfReferrer)
  })
  const removal = removalOf(rewritings, removed, found)
  const plan = createPlan(removal === undefined ? found : withoutStatements(found, removed))
  const times = createTimes(clock, session.last)
  const describing: DescribingStatement[] = []
  for (const id of session.unfinished) {
    const present = found.present.get(id)
    if (present === undefined) continue
    await inTurns(plan.link(id))
    times.passed(present.stored)
    // Whether it was to be kept apart was lost with its writer. What the present jobs want is the best guess.
    const apart = jobs.some((job) => job.apart)
    describing.push({ statement: JSON.parse(present.text) as Statement, stored: present.stored, apart })
  }
  const attachments = new Map<string, AttachmentContent>()
  const outcomeOf = async (job: Job): Promise<Outcome> => {
    if (job.signal?.aborted) return { error: job.signal.reason }
    try {
      const planned = await inTurns(job.plan(plan, times))
      for (const each of planned.describing) describing.push(each)
      for (const each of [...job.attachments, ...(planned.marks ?? [])]) attachments.set(each.sha2, each)
      return { report: planned.report }
    } catch (error) {
      // Then each job gets its own batch.
      if (plan.isSpoilt()) throw error
      return { error }
    }
  }
  const outcomes: Outcome[] = []
  for (const job of jobs) outcomes.push(await outcomeOf(job))
  const { settle, ...metadata } = await merger.merge(describing, session)
  const statements = await inTurns(plan.added())
  const changed = await inTurns(plan.changed())
  // Restored statements may be older than all others. `last` moves whenever statements change, so that cached pages become invalid.
  const last = Math.max(times.last(), statements.length + changed.length > 0 || removal ? session.last + 1 : 0)
  const newMetadata = metadata.definitions.size + metadata.displays.size + metadata.names.length
  if (last > session.last || statements.length + changed.length + attachments.size + newMetadata > 0) {
    await session.write({ last, statements, changed, attachments: [...attachments.values()], ...metadata, removal })
  }
  settle()
  if (removal !== undefined) merger.forget()
  return { outcomes, last }
}

export const createBatchedWriter = ({ engine, clock, delay }: BatchedWriterOptions): BatchedWriter => {
  const merger = createMetadataMerger()
  /** The latest time that is known to be consistent. */
  let known: Micros = Number.NEGATIVE_INFINITY

  const attempt = async (jobs: readonly Job[]): Promise<Outcome[]> => {
    const session = await engine.begin()
    try {
      const { outcomes, last } = await writeJobs(jobs, session, { clock, merger })
      known = Math.max(known, last)
      return outcomes
    } finally {
      await session.end()
    }
  }

  const runBatch = async (jobs: readonly Job[]): Promise<Outcome[]> => {
    try {
      return await attempt(jobs)
    } catch (error) {
      const isContent = error instanceof RalphError && !engineFailures.has(error.code)
      // They would wait as long again. Those that came later may find the engine well.
      const isOfEngine = error instanceof RalphError && !isContent
      if (isOfEngine) queue.refuseWaiting(error, longWait)
      if (!isContent || jobs.length === 1) return jobs.map(() => ({ error }))
    }
    // The engine refused the content of one request. Only that request must fail.
    const outcomes: Outcome[] = []
    for (const job of jobs) outcomes.push(...(await attempt([job]).catch((error: unknown) => [{ error }])))
    return outcomes
  }

  const queue = createBatchQueue<Job, Outcome>({
    delay,
    // An empty job counts as one item.
    weightOf: ({ statements, attachments }) => ({
      items: 1 + statements.length,
      bytes: attachments.reduce((sum, { content }) => sum + content.byteLength, 0)
    }),
    run: runBatch
  })

  const run = async (job: Job): Promise<InsertReport> => {
    job.signal?.throwIfAborted()
    const outcome = await queue.add(job)
    if ('error' in outcome) throw outcome.error
    return outcome.report
  }

  let renewing: Promise<InsertReport> | undefined

  return {
    insert: (batch, options = {}) => run(insertJob(batch, options)),
    restore: (statements, attachments, options = {}) => run(restoreJob(statements, attachments, options)),
    rewrite: async (rewriting, options = {}) => {
      await run(rewriteJob(rewriting, options))
    },
    consistentThrough: async ({ signal } = {}) => {
      signal?.throwIfAborted()
      if (queue.isClosed() || clock() - known > longestKnown) {
        renewing ??= run(timeJob(clock)).finally(() => {
          renewing = undefined
        })
        await renewing
      }
      return known
    },
    close: queue.close
  }
}
