import type { Source, Sources } from '../../src/settings/sources.ts'

/** Settings as they might have been set, the first source winning. */
export const sourcesOf = (
  given: Partial<Readonly<Record<Source['name'], Readonly<Record<string, string>>>>>
): Sources => ({
  ordered: (
    ['flag', 'environment', '.env', 'secrets directory', 'configuration file', 'default of this command'] as const
  ).map((name) => ({
    name,
    values: new Map(Object.entries(given[name] ?? {}))
  })),
  platformAppDir: '/platform/ralph'
})
