import { readFileSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { HandlerQueries } from '../../contracts/listeners.ts'
import { RalphError } from '../../errors.ts'
import type { HandlerConfig } from '../config.ts'
import { type RunningHandler, withinTime } from '../running-handler.ts'
import { HandlerFailure } from '../threads.ts'
import { numberAt, optionalTextAt } from '../values.ts'

const mebibyte = 2 ** 20

/** What the SQL says, from `query` or the file `script`. `INVALID_SETTING` */
const sqlOf = ({ block }: HandlerConfig, place: string, directory: string): string => {
  const [query, script] = [optionalTextAt(block, 'query', place), optionalTextAt(block, 'script', place)]
  if (query !== undefined && script === undefined) return query
  if (query !== undefined || script === undefined) {
    throw new RalphError(
      'INVALID_SETTING',
      `${place} needs either query or script: the SQL that is run for each message`
    )
  }
  try {
    return readFileSync(resolve(directory, script), 'utf8')
  } catch (cause) {
    throw new RalphError(
      'INVALID_SETTING',
      `${place}.script: ${resolve(directory, script)} cannot be read`,
      {},
      { cause }
    )
  }
}

const asksFor = (sql: string, name: string): boolean => new RegExp(`%\\(${name}\\)s|:${name}\\b`).test(sql)

/** The handler `postgres`: runs SQL for each message, in one transaction; message, metadata and data are bound values. */
export const postgresHandler = (
  config: HandlerConfig,
  {
    place,
    directory,
    database
  }: { readonly place: string; readonly directory: string; readonly database: HandlerQueries }
): RunningHandler => {
  const { name, supportedMime, block } = config
  const sql = sqlOf(config, place, directory)
  const needsData = asksFor(sql, 'data')
  const most = numberAt(block, 'max_size', place, { byDefault: 16 }) * mebibyte
  return {
    name,
    supportedMime,
    run: withinTime(block, place, async ({ message, metadata, data }) => {
      if (needsData && (await stat(data)).size > most) {
        throw new HandlerFailure(`the data has more than ${most / mebibyte} MiB, which max_size allows`, true)
      }
      const { uuid, type, data_location, meta_location, body } = message
      const content = needsData ? await readFile(data, 'utf8') : undefined
      try {
        await database.execute_query(sql, { uuid, type, data_location, meta_location, body, metadata, data: content })
      } catch (error) {
        // What the database says of the SQL, or of its values, it says again.
        const isVerdict = error instanceof RalphError && error.code !== 'STORE_UNAVAILABLE'
        throw isVerdict ? new HandlerFailure(error.message, true) : error
      }
    }),
    close: async () => {}
  }
}
