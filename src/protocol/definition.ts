import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { PackageDefinition, ServiceDefinition } from '@grpc/proto-loader'
import { RalphError } from '../errors.ts'

/** The files that say what a gRPC client and a server of Ralph tell each other, below `proto/`. */
export const protoFiles = [
  'ralph/v1/statements.proto',
  'ralph/v1/imports.proto',
  'ralph/v1/server.proto',
  'grpc/health/v1/health.proto'
] as const

/** `proto/` stands at the root of the repository, and of the package. */
const protoDirectory = (): string => {
  const candidates = ['../../proto/', '../../../proto/'].map((path) => fileURLToPath(new URL(path, import.meta.url)))
  const found = candidates.find((path) => existsSync(path))
  if (found === undefined) throw new RalphError('INTERNAL', 'The package lacks its directory proto/.')
  return found
}

/** How messages become values: `messages.ts` is generated from this. A count beyond 2⁵³ cannot come up. */
const conversions = { longs: Number, enums: String, defaults: true, arrays: true, oneofs: true } as const

/** Reads the files. */
export const loadDefinition = async (): Promise<PackageDefinition> => {
  const { load } = await import('@grpc/proto-loader')
  return load([...protoFiles], { ...conversions, includeDirs: [protoDirectory()] })
}

/** The service of a full name, as `ralph.v1.Statements`. */
export const serviceIn = (definition: PackageDefinition, name: string): ServiceDefinition => {
  const found = definition[name]
  if (found === undefined || 'format' in found) throw new RalphError('INTERNAL', `proto/ has no service ${name}.`)
  return found
}
