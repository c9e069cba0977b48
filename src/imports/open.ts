import type { Clock } from '../contracts/clock.ts'
import type { ImportHandler, Imports } from '../contracts/imports.ts'
import type { Log } from '../contracts/log.ts'
import type { ImportSettings } from '../settings/settings.ts'
import type { UrlFetcher } from './context.ts'
import { createImports } from './index.ts'
import type { Originals } from './originals.ts'
import type { Places } from './places.ts'
import { openPostgresRecords } from './records/postgres.ts'
import type { ImportRecords } from './records/records.ts'
import { sqlRecords } from './records/sql.ts'
import { openSqliteRecords } from './records/sqlite.ts'
import { openStaging } from './staging.ts'

export interface OpenImportsOptions {
  readonly settings: ImportSettings
  /** Those of the LRS. Without one and without places this process only looks, and takes in. */
  readonly handlers: readonly ImportHandler[]
  readonly places?: Places | undefined
  readonly urls?: UrlFetcher | undefined
  readonly originals?: Originals | undefined
  readonly clock: Clock
  readonly log: Log
}

/** The records of imports, in the configured database. */
export const openRecords = async (
  { databaseUrl, file }: Pick<ImportSettings, 'databaseUrl' | 'file'>,
  clock: Clock
): Promise<ImportRecords> =>
  sqlRecords(databaseUrl === undefined ? openSqliteRecords(file) : await openPostgresRecords(databaseUrl), clock)

/** Opens imports with the settings of this process. The caller closes them. */
export const openImports = async ({
  settings,
  handlers,
  places,
  urls,
  originals,
  clock,
  log
}: OpenImportsOptions): Promise<Imports> => {
  const records = await openRecords(settings, clock)
  return createImports({
    settings,
    records,
    staging: openStaging(settings.directory),
    handlers,
    places,
    urls,
    originals,
    clock,
    log
  })
}
