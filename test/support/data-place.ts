import type { Test } from 'tap'
import { dataBackends } from '../../src/backends/registry.ts'
import type { DataContext, DataRole } from '../../src/contracts/backend-definition.ts'
import type { DataBackend } from '../../src/contracts/data-backend.ts'
import { openRegistry } from '../../src/registry/open.ts'
import { createReader } from '../../src/settings/read.ts'
import { loadRegistry } from '../../src/settings/registry.ts'
import { sourcesOf } from './settings-of.ts'

export const dataDefinition = (name: string): DataRole => {
  const definition = dataBackends.find((each) => each.name === name)
  if (definition === undefined) throw new Error(`there is no data backend ${name}`)
  return definition
}

/** What a backend has told the operator, by level. */
export interface Said {
  readonly lines: string[]
}

/**
 * Opens a data backend as the commands do, from settings; it is closed when the test ends.
 * @param settings by the names of the parameters
 * @param environment other variables
 */
export const openData = async (
  t: Test,
  name: string,
  settings: Readonly<Record<string, string>>,
  said: Said = { lines: [] },
  environment: Readonly<Record<string, string>> = {}
): Promise<DataBackend> => {
  const variables = Object.entries(settings).map(([key, value]) => [
    `RALPH_BACKENDS__DATA__${name.toUpperCase()}__${key}`,
    value
  ])
  const sources = sourcesOf({ environment: { ...environment, ...Object.fromEntries(variables) } })
  const reader = createReader(sources)
  const open = dataDefinition(name).configure(reader)
  reader.finish()
  const say = (message: string): void => {
    said.lines.push(message)
  }
  const log = { debug: say, info: say, warn: say, error: say }
  const [clock, appDir] = [() => Date.now() * 1000, '/nonexistent']
  const registry = () => openRegistry(loadRegistry(sources, appDir), clock)
  const context: DataContext = { clock, appDir, log, openRegistry: registry }
  const backend = await open(context)
  t.teardown(() => backend.close())
  return backend
}
