import { randomUUID } from 'node:crypto'
import { findMachine, isRunning } from '../../durability/this-machine.ts'

/** Milliseconds for which a process has an import to itself, unless it renews that. */
export const leaseTime = 60_000

/** Who works on an import: a process of a machine. */
export interface Owner {
  /** Unique, and the same for the life of the process. */
  readonly text: string
  /** Whether the process of another owner is known to be gone: its lease then need not be waited for. */
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
