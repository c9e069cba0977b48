import type { Clock } from '../../contracts/clock.ts'
import { createLeasedWriting, type WritingOptions } from '../../storage/batching/leased-writing.ts'
import type { EngineStore } from '../../storage/follow.ts'
import { createGuard, guardStore } from '../../storage/guard.ts'
import { createPageCache } from '../../storage/page-cache.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { type Adopted, type AdoptReport, createAdopter, hasForeign } from './adopt.ts'
import { createAttachments } from './attachments.ts'
import { createDescriptions } from './descriptions.ts'
import { createDocuments } from './documents.ts'
import { createEngine, where } from './engine.ts'
import { adaptStatementIndex, makeStatementIndex } from './indices.ts'
import { createLeaseTable } from './lease-table.ts'
import { type Adoption, foreignIn } from './look-up.ts'
import { purge } from './purge.ts'
import { createQueries } from './query.ts'
import type { Refresher } from './refresher.ts'
import { createSnapshots } from './snapshots.ts'
import type { TargetIndices } from './target-indices.ts'

/** The store of one target. */
export interface EsStore extends EngineStore {
  /** Adopts what other programs wrote into the index of statements after the store was opened. */
  adopt(adopted: Adopted): Promise<AdoptReport>
  /** Finishes accepted requests. The connections stay open, because other targets share them. */
  close(): Promise<void>
}

export interface StoreOptions {
  readonly clock: Clock
  readonly turns: WritingOptions
  /** The size of the cache of pages, in bytes. */
  readonly pageCacheSize: number
  /** The refreshers of the two indices that all targets share. */
  readonly refreshers: { readonly relations: Refresher; readonly kept: Refresher }
  /** The index of statements is created now, not at the first write. */
  readonly makeNow: boolean
  warn(message: string): void
}

/** How often a call is repeated because Python Ralph writes to the same index. */
const adoptions = 3

export const openStore = async (indices: TargetIndices, options: StoreOptions): Promise<EsStore> => {
  const { connection, statements: index } = indices
  const { clock, refreshers, warn } = options
  const leaseTable = createLeaseTable(indices)
  // If the lease was lost, readers must not mistake existing statements for uncommitted ones.
  const isNew = (await leaseTable.read()) === undefined
  const adopting = new Map<StatementId, Adoption>()
  const { snapshots, writer, consistentThrough, close } = createLeasedWriting({
    clock,
    options: options.turns,
    leaseTable,
    where,
    isNew,
    snapshotsOf: (lease) => createSnapshots(indices, lease, refreshers.relations),
    engineOf: (lease) => createEngine({ indices, lease, adopting })
  })
  const adopter = createAdopter({ indices, writer, clock, adopting })
  const pages = createPageCache({ size: options.pageCacheSize, isShared: true })
  const { everything, ...queries } = createQueries(indices, snapshots, pages)
  const documents = createDocuments(indices, clock, refreshers.kept)
  const guard = createGuard()

  let made: Promise<void> | undefined
  /** A target that nobody writes to needs no index. */
  const make = (): Promise<void> => {
    made ??= makeStatementIndex(connection, index).catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }

  const write = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await make()
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work()
      } catch (error) {
        const ids = foreignIn(error)
        if (ids === undefined || attempt === adoptions) throw error
        await adopter.some(ids, 'any')
      }
    }
  }

  const adopt = async (adopted: Adopted): Promise<AdoptReport> => {
    const report = await adopter.all(adopted)
    if (report.taken > 0)
      warn(`${report.taken} statements that Python Ralph wrote into the index ${index} were adopted.`)
    if (report.refused > 0) {
      warn(
        `${report.refused} documents in the index ${index} are not statements or are duplicates. They are not shown.`
      )
    }
    if (report.left > 0) {
      warn(
        `${report.left} statements in the index ${index} were not written by Python Ralph 5 and are not known here. They come from an imported dump or from a crash. They are not shown.`
      )
    }
    return report
  }

  if (await adaptStatementIndex(connection, index, warn)) {
    made = Promise.resolve()
    if (await hasForeign(indices)) await adopt(isNew ? 'any' : "Ralph's")
  } else if (options.makeNow) await make()

  const store: EngineStore = {
    statements: {
      ...queries,
      ...createDescriptions(indices, snapshots),
      insert: (batch, options) => write(() => writer.insert(batch, options)),
      consistentThrough
    },
    attachments: createAttachments(indices),
    documents,
    copy: {
      ...documents.copy,
      statements: everything,
      restoreStatements: (statements, attachments, options) =>
        write(() => writer.restore(statements, attachments, options))
    },
    rewriting: {
      rewrite: (rewriting, options) => write(() => writer.rewrite(rewriting, options)),
      purge: () => purge(indices)
    }
  }
  return {
    ...guardStore(guard, store, { answers: connection.answers }),
    adopt,
    close: () => guard.close(close)
  }
}
