import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Part, PartStatus } from '../contracts/part.ts'
import { codeOf, messageOf } from '../errors.ts'
import { type KeepOptions, type KeptRequests, keepRejectedRequests } from '../telemetry/rejected-requests.ts'

/** Whether requests can be kept in a directory that may not exist yet. */
const checkDirectory = async (directory: string): Promise<PartStatus> => {
  try {
    await access(directory, constants.W_OK | constants.X_OK)
    return { state: 'ok' }
  } catch (error) {
    const parent = dirname(directory)
    if (codeOf(error) === 'ENOENT' && parent !== directory) return checkDirectory(parent)
    return { state: 'error', detail: `rejected requests cannot be kept: ${messageOf(error)}` }
  }
}

/** Keeps rejected requests to store statements, for the operator. */
export const rejectedRequestsPart = (options: KeepOptions): Part<KeptRequests> => ({
  name: 'rejected-requests',
  start: async () => {
    const rejected = await keepRejectedRequests(options)
    return { service: rejected, stop: () => rejected.close(), health: async () => rejected.health() }
  },
  check: () => checkDirectory(options.directory)
})
