import type { Connection } from './connect.ts'

/** Makes everything that was written to an index searchable. */
export interface Refresher {
  /** Resolves after a refresh that began after this call. All callers that wait at the same time share it. */
  refresh(): Promise<void>
}

export const createRefresher = (connection: Connection, index: string): Refresher => {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  const run = async (): Promise<void> => {
    await connection.ask({ method: 'POST', path: [index, '_refresh'], kind: 'read' })
  }

  const start = (): Promise<void> => {
    next = undefined
    const own = run().finally(() => {
      if (running === own) running = undefined
    })
    running = own
    return own
  }

  return {
    refresh: () => {
      if (running === undefined) return start()
      // The running refresh may have begun before the latest write.
      next ??= running.then(start, start)
      return next
    }
  }
}
