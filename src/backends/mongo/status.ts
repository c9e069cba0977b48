import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { statusByAsking } from '../../storage/status.ts'
import type { Connection } from './connect.ts'
import { translateError } from './errors.ts'

/** Milliseconds that a health check waits for an answer. */
const statusTimeout = 2000

export const statusOf = (
  connection: Connection,
  { signal }: CallOptions = {},
  translate: (error: unknown) => unknown = translateError
): Promise<BackendStatus> =>
  statusByAsking(
    async () => {
      const { db } = await connection.open()
      await db.command({ ping: 1, maxTimeMS: statusTimeout })
    },
    { signal, translate }
  )
