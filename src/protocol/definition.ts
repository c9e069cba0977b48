import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { PackageDefinition, ServiceDefinition } from '@grpc/proto-loader'
import { RalphError } from '../errors.ts'

/** The files below `proto/` that define the messages between a gRPC client and a server of Ralph. */
export const protoFiles = [
  'ralph/v1/statements.proto',
  'ralph/v1/imports.proto',
  'ralph/v1/server.proto',
  'grpc/health/v1/health.proto'
] as const

/** `proto/` is in the root directory of the repository and of the package. */
const protoDirectory = (): string => {
  const candidates = ['../../proto/', '../../../proto/'].map((path) => fileURLToPath(new URL(path, import.meta.url)))
  const found = candidates.find((path) => existsSync(path))
  if (found === undefined) throw new RalphError('INTERNAL', 'The directory proto/ of the package is missing.')
  return found
}

/** How messages become values. `messages.ts` is generated with these options. No count reaches 2⁵³. */
const conversions = { longs: Number, enums: String, defaults: true, arrays: true, oneofs: true } as const

export const loadDefinition = async (): Promise<PackageDefinition> => {
  const { load } = await import('@grpc/proto-loader')
  return load([...protoFiles], { ...conversions, includeDirs: [protoDirectory()] })
}

/** The service with a full name, such as `ralph.v1.Statements`. */
export const serviceIn = (definition: PackageDefinition, name: string): ServiceDefinition => {
  const found = definition[name]
  if (found === undefined || 'format' in found) throw new RalphError('INTERNAL', `proto/ has no service ${name}.`)
  return found
}
