import type { ReadBatch, ReadOptions, RecordsBackend } from '../../contracts/data-backend.ts'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { backOff, pause, type RetryPlan } from '../../network/retry.ts'
import { statusByAsking } from '../../storage/status.ts'
import type { ClientOptions } from './client-options.ts'
import { type Connection, connect } from './connect.ts'
import { LostConnection } from './errors.ts'

export interface WsDataOptions {
  readonly uri: string | undefined
  readonly client: ClientOptions
  /** The number of attempts in a row to restore a lost connection. */
  readonly reconnect: number
  readonly log: Log
  readonly pauses?: Omit<RetryPlan, 'attempts'>
}

const usualPauses = { firstPause: 1000, longestPause: 60_000 }

const requireUri = (uri: string | undefined): string => {
  if (uri !== undefined) return uri
  throw new RalphError('INVALID_SETTING', 'the URL of the WebSocket is missing: set RALPH_BACKENDS__DATA__WS__URI')
}

/** Messages of a WebSocket, from its opening until the other side ends it. */
export const openWsData = async (options: WsDataOptions): Promise<RecordsBackend> => {
  const { client, reconnect, log, pauses = usualPauses } = options
  const closed = new AbortController()

  const connected = async ({ signal, onError }: ReadOptions): Promise<Connection> => {
    const until = signal === undefined ? closed.signal : AbortSignal.any([signal, closed.signal])
    return connect(requireUri(options.uri), { client, signal: until, onError })
  }

  async function* messages(
    connection: Connection,
    signal: AbortSignal | undefined
  ): AsyncGenerator<ReadBatch, void, undefined> {
    try {
      for (;;) {
        const lines = await connection.next()
        if (lines === undefined) return
        yield { lines }
        signal?.throwIfAborted()
      }
    } finally {
      connection.leave()
    }
  }

  async function* read(query: string | undefined, read: ReadOptions): AsyncGenerator<ReadBatch, void, undefined> {
    if (query) throw new RalphError('INVALID_QUERY', 'a WebSocket accepts no query: every message is read')
    if (read.target) log.warn('a WebSocket has no target: it is ignored')
    for (let failures = 0; ; ) {
      try {
        for await (const batch of messages(await connected(read), read.signal)) {
          failures = 0
          yield batch
        }
        return
      } catch (error) {
        read.signal?.throwIfAborted()
        failures += 1
        if (!(error instanceof LostConnection && error.passing) || failures > reconnect) throw error
        const wait = backOff(failures, { ...pauses, attempts: reconnect })
        log.warn(`${error.message}; connecting again in ${(wait / 1000).toFixed(1)} s`)
        await pause(wait, read.signal)
      }
    }
  }

  return {
    moves: 'records',
    read,
    status: ({ signal } = {}) =>
      statusByAsking(
        async () => {
          const connection = await connected(signal === undefined ? {} : { signal })
          try {
            await connection.ping()
          } finally {
            connection.leave()
          }
        },
        { signal }
      ),
    close: async () => {
      closed.abort(new RalphError('INTERRUPTED', 'the backend was closed'))
    }
  }
}
