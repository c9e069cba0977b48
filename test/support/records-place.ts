import type { Test } from 'tap'
import type { InputRecord, ReadOptions, RecordsBackend } from '../../src/contracts/data-backend.ts'
import { type DataSuite, testRecordsBackend } from '../contracts/data-backend.ts'
import { dataDefinition, openData, type Said } from './data-place.ts'

/** Settings by the names of parameters. */
export type PlaceSettings = Readonly<Record<string, string>>

export const openRecords = async (
  t: Test,
  name: string,
  settings: PlaceSettings,
  said?: Said
): Promise<RecordsBackend> => {
  const backend = await openData(t, name, settings, said)
  if (backend.moves !== 'records') throw new Error(`${name} keeps no records`)
  return backend
}

/** Runs the suite of places of records on a database. `newPlace` gives settings of a place that is empty. */
export const testRecordsOf = (
  t: Test,
  name: string,
  newPlace: (t: Test) => PlaceSettings | Promise<PlaceSettings>
): void => {
  const places = new WeakMap<RecordsBackend, PlaceSettings>()
  const openAt = async (t: Test, settings: PlaceSettings): Promise<RecordsBackend> => {
    const backend = await openRecords(t, name, settings)
    places.set(backend, settings)
    return backend
  }
  const suite: DataSuite<RecordsBackend> = {
    definition: dataDefinition(name),
    open: async (t) => openAt(t, await newPlace(t)),
    reopen: async (t, backend) => {
      await backend.close()
      return openAt(t, places.get(backend) ?? {})
    }
  }
  testRecordsBackend(t, suite)
}

export const writeTo = (
  backend: RecordsBackend,
  batch: readonly InputRecord[],
  options: Partial<Parameters<NonNullable<RecordsBackend['write']>>[1]> = {}
) => {
  if (backend.write === undefined) throw new Error('it cannot be written to')
  return backend.write(batch, { operation: 'create', ...options })
}

export const readFrom = async (
  backend: RecordsBackend,
  query?: string | object,
  options: ReadOptions = {}
): Promise<string[]> => {
  const all: string[] = []
  const text = typeof query === 'object' ? JSON.stringify(query) : query
  for await (const { lines } of backend.read?.(text, options) ?? []) all.push(...lines)
  return all
}
