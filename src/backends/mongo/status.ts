import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { statusByAsking } from '../../storage/status.ts'
import type { Connection } from './connect.ts'
import { isBroken, translateError } from './errors.ts'

/** Milliseconds that a health check waits for the answer. */
const statusTimeout = 2000

const ping = async (connection: Connection): Promise<void> => {
  const { db } = await connection.open()
  await db.command({ ping: 1, maxTimeMS: statusTimeout })
}

/** A broken connection says nothing about the server: the server may have restarted. A new connection decides. */
const pingAgainWhenBroken = async (connection: Connection): Promise<void> => {
  try {
    await ping(connection)
  } catch (error) {
    if (!isBroken(translateError(error))) throw error
    await ping(connection)
  }
}

export const statusOf = (
  connection: Connection,
  { signal }: CallOptions = {},
  translate: (error: unknown) => unknown = translateError
): Promise<BackendStatus> =>
  statusByAsking(
    async () => {
      await pingAgainWhenBroken(connection)
    },
    { signal, translate }
  )
