import { randomUUID } from 'node:crypto'
import type { Registry } from '../../src/contracts/registry.ts'
import { openRegistry } from '../../src/registry/open.ts'
import { loadRegistry } from '../../src/settings/registry.ts'
import { sourcesOf } from './settings-of.ts'

/** Variables of a registry, by the names that `registry:` has for them. */
export type RegistryVariables = Readonly<Record<string, string>>

export const registryVariables = (settings: RegistryVariables): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [`RALPH_REGISTRY__${name.toUpperCase()}`, value]))

/** A registry as these settings open it. */
export const aRegistry = (settings: RegistryVariables): Promise<Registry> =>
  openRegistry(
    loadRegistry(sourcesOf({ environment: registryVariables(settings) }), '/nowhere'),
    () => Date.now() * 1000
  )

/** A bucket that no other test has. */
export const aBucket = (): string => `test-${randomUUID()}`
