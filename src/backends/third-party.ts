import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DataRole } from '../contracts/backend-definition.ts'
import { codeOf, RalphError } from '../errors.ts'

/** What can be a backend's name in a variable and in a flag. */
const nameForm = /^[a-z][a-z0-9]*$/

/** The file that a package begins with; undefined: it is not installed there. */
const entryOf = (specifier: string, from: string): string | undefined => {
  try {
    return createRequire(from).resolve(specifier)
  } catch (error) {
    if (codeOf(error) === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

const isDataRole = (value: unknown): value is DataRole =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  'configure' in value &&
  typeof value.configure === 'function' &&
  ['aliases', 'capabilities', 'settings', 'chunkSizes'].every((key) => key in value)

/** What a definition says of its role as a data backend; undefined: it is no definition, or has no such role. */
const dataRoleOf = (definition: unknown): DataRole | undefined =>
  typeof definition === 'object' && definition !== null && 'data' in definition && isDataRole(definition.data)
    ? definition.data
    : undefined

const unusable = (specifier: string, reason: string, cause?: unknown): RalphError =>
  new RalphError('UNKNOWN_BACKEND', `The package ${specifier} ${reason}`, { package: specifier }, { cause })

/**
 * The data backend `name` of the npm package `ralph-backend-<name>`, which is looked for from the working directory and
 * from where Ralph itself is installed; undefined: there is none. The package exports `backend`, made by `defineData` of
 * `ralph-lrs/backend` (package-interface.ts), and says in its package.json where it begins: `main`, or `exports` with a
 * condition that `require` knows. `UNKNOWN_BACKEND` when it is there and is no such package.
 */
export const findThirdParty = async (name: string, workingDirectory: string): Promise<DataRole | undefined> => {
  if (!nameForm.test(name)) return undefined
  const specifier = `ralph-backend-${name}`
  let entry: string | undefined
  try {
    entry = entryOf(specifier, join(workingDirectory, 'package.json')) ?? entryOf(specifier, import.meta.url)
  } catch (error) {
    throw unusable(specifier, 'does not say where it begins: give its package.json a "main"', error)
  }
  if (entry === undefined) return undefined
  let exported: { readonly backend?: unknown }
  try {
    // What it exports is judged below.
    exported = (await import(pathToFileURL(entry).href)) as { readonly backend?: unknown }
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw unusable(specifier, `cannot be loaded: ${reason}`, error)
  }
  const backend = dataRoleOf(exported.backend)
  if (backend === undefined) {
    throw unusable(specifier, 'exports no "backend" that was made by defineData of ralph-lrs/backend')
  }
  if (backend.name !== name) throw unusable(specifier, `brings a backend of another name, ${backend.name}`)
  return backend
}
