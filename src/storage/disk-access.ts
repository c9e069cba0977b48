import type { CallOptions } from '../contracts/statement-store.ts'
import { createWriteHealth, type WriteHealth } from '../durability/write-health.ts'
import { RalphError } from '../errors.ts'
import type { Yielding } from '../xapi/yielding.ts'
import type { GroupCommit, JobOptions } from './batching/group-commit.ts'

export interface DiskAccessOptions {
  readonly group: GroupCommit
  /** The error of the closed store. Undefined while it is open. */
  closed(): RalphError | undefined
  /** Translates an error of the disk or of the driver into a RalphError. Returns any other error unchanged. */
  translate(error: unknown): unknown
}

/** The reads and writes of a store in files of its own. What they show about the disk is kept as the health of the store. */
export interface DiskAccess {
  readonly health: WriteHealth
  read<T>(work: () => T | Promise<T>, options?: CallOptions): Promise<T>
  /** Runs a job of the group. `sizeOf`: about how many bytes it writes. */
  write<T>(job: () => T, options?: JobOptions, sizeOf?: () => number): Promise<T>
  /** The same for a long job. Other requests run between its steps. */
  writeInSteps<T>(job: () => Yielding<T>, options?: JobOptions, sizeOf?: () => number): Promise<T>
}

export const createDiskAccess = ({ group, closed, translate }: DiskAccessOptions): DiskAccess => {
  const health = createWriteHealth()

  const requireOpen = (signal: AbortSignal | undefined): void => {
    const error = closed()
    if (error !== undefined) throw error
    signal?.throwIfAborted()
  }

  const writing = async <T>(result: () => Promise<T>, { signal }: JobOptions, sizeOf: () => number): Promise<T> => {
    requireOpen(signal)
    health.requireSound()
    try {
      const written = await result()
      health.succeeded(sizeOf)
      return written
    } catch (error) {
      const reason = translate(error)
      const isOfStore = reason instanceof RalphError && reason.code.startsWith('STORE_')
      if (isOfStore && closed() === undefined) health.failed(reason, sizeOf())
      throw reason
    }
  }

  return {
    health,
    read: async (work, { signal } = {}) => {
      requireOpen(signal)
      try {
        return await work()
      } catch (error) {
        const reason = translate(error)
        health.failed(reason)
        throw reason
      }
    },
    write: (job, options = {}, sizeOf = () => 0) => writing(() => group.run(job, options), options, sizeOf),
    writeInSteps: (job, options = {}, sizeOf = () => 0) =>
      writing(() => group.runInSteps(job, options), options, sizeOf)
  }
}
