import type { Test } from 'tap'
import { lrsBackends } from '../../src/backends/registry.ts'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { createReader } from '../../src/settings/read.ts'
import { readSources } from '../../src/settings/sources.ts'
import { aClock } from './clock.ts'
import { prepareEngine, variablesFor } from './engine-variables.ts'
import { isDatabaseName, type Missing } from './engines/engine.ts'
import { engineFor } from './engines/engine-for.ts'

/** Where a backend keeps what one test stores: its settings. */
export type Place = ReadonlyMap<string, string>

/** A place that nobody else knows; why there is none, for a backend whose engine is missing. */
export const placeFor = async (t: Test, name: string, directory: string, place: string): Promise<Place | Missing> => {
  // The file of fs is in the working directory unless that is said.
  if (!isDatabaseName(name)) return new Map([['RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH', directory]])
  const engine = await engineFor(name)
  if ('missing' in engine) return engine
  t.teardown(() => engine.stop())
  await prepareEngine(name, engine.url, place)
  return new Map(Object.entries(variablesFor(name, engine.url, place)))
}

export const openBackend = async (
  name: string,
  directory: string,
  place: Place,
  warn: (message: string) => void
): Promise<LrsBackend> => {
  const definition = lrsBackends.find((each) => each.name === name)
  if (definition === undefined) throw new Error(`there is no backend ${name}`)
  const reader = createReader(readSources(new Map(), place))
  const open = definition.configure(reader)
  reader.finish()
  return open({ clock: aClock().now, appDir: directory, warn })
}
