import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the sources of the engines' launchers are. */
export const sources = fileURLToPath(new URL('.', import.meta.url))

/** Where everything is installed that the registries give; git ignores it. */
export const installed = fileURLToPath(new URL('../../../.engines', import.meta.url))

const filesIn = (path: string): readonly string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .flatMap((name) => filesIn(join(path, name)))
    : [path]

const digestOf = (inputs: readonly string[], version: string): string => {
  const hash = createHash('sha256').update(version)
  for (const input of inputs) for (const file of filesIn(join(sources, input))) hash.update(readFileSync(file))
  return hash.digest('hex')
}

/** A directory of `.engines`, made of files beside this one. */
export interface Installation {
  readonly directory: string
  /** False, too, if what it was made of has changed since. */
  isThere(): boolean
  /** Does nothing if it is there; says whether it did something. */
  make(build: (directory: string) => Promise<void>): Promise<boolean>
}

/** `inputs` are the files and directories beside this one, `version` whatever else decides what is installed. */
export const installation = (name: string, inputs: readonly string[], version = ''): Installation => {
  const directory = join(installed, name)
  const stamp = join(directory, '.installed')
  const isThere = (): boolean => {
    try {
      return readFileSync(stamp, 'utf8') === digestOf(inputs, version)
    } catch {
      return false
    }
  }
  return {
    directory,
    isThere,
    make: async (build) => {
      if (isThere()) return false
      rmSync(directory, { recursive: true, force: true })
      mkdirSync(directory, { recursive: true })
      await build(directory)
      // Last: what was begun and not finished is begun again.
      writeFileSync(stamp, digestOf(inputs, version))
      return true
    }
  }
}

/** What to say of an engine that is not installed. */
export const notInstalled = (name: string): string =>
  `${name} is not installed: node test/support/engines/install.ts ${name}`
