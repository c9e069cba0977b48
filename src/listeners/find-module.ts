import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf, RalphError } from '../errors.ts'

/**
 * Where the module is that a configuration names: a path (`./store.mjs`), or a package that is installed there; undefined:
 * there is none.
 */
export const findModule = (name: string, directory: string): URL | undefined => {
  if (name.startsWith('.') || isAbsolute(name)) {
    const path = resolve(directory, name)
    return existsSync(path) ? pathToFileURL(path) : undefined
  }
  try {
    return pathToFileURL(createRequire(join(directory, 'ralph.yml')).resolve(name))
  } catch {
    return undefined
  }
}

/** `INVALID_SETTING` that says where, what, and what there is. */
export const unknownType = (place: string, type: string, known: readonly string[], directory: string): RalphError =>
  new RalphError(
    'INVALID_SETTING',
    `${place}: there is no type ${JSON.stringify(type)}; known are ${known.join(', ')}, and modules: a path, or a package, from ${directory}`
  )

/** What the module exports. `INVALID_SETTING` when it cannot be loaded or lacks the export. */
export const loadExport = async (url: URL, name: string, place: string): Promise<Readonly<Record<string, unknown>>> => {
  let loaded: Readonly<Record<string, unknown>>
  try {
    // What it exports is judged below.
    loaded = (await import(url.href)) as Readonly<Record<string, unknown>>
  } catch (error) {
    throw new RalphError('INVALID_SETTING', `${place}: ${url.pathname} cannot be loaded: ${messageOf(error)}`)
  }
  if (typeof loaded[name] === 'function') return loaded
  throw new RalphError('INVALID_SETTING', `${place}: ${url.pathname} does not export ${name}`)
}
