import { randomUUID } from 'node:crypto'
import { findMachine, isRunning } from '../../durability/this-machine.ts'

/** Milliseconds for which a process holds an import unless it renews the lease. */
export const leaseTime = 60_000

/** The owner of a lease: one process on one machine. */
export interface Owner {
  /** Unique, and constant for the life of the process. */
  readonly text: string
  /** Whether the process of another owner is known to be dead. Then nobody needs to wait for its lease. */
  isGone(owner: string): boolean
}

export const createOwner = (): Owner => {
  const machine = findMachine()
  return {
    text: JSON.stringify([machine, process.pid, randomUUID()]),
    isGone: (owner) => {
      const [where, pid]: readonly unknown[] = JSON.parse(owner)
      return machine !== '' && where === machine && typeof pid === 'number' && !isRunning(pid)
    }
  }
}
