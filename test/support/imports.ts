import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { openMemory } from '../../src/backends/memory/lrs.ts'
import type { ImportHandler, ImportOffer, ImportRecord, Imports } from '../../src/contracts/imports.ts'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { lrsHandler } from '../../src/imports/handlers/lrs.ts'
import { openImports } from '../../src/imports/open.ts'
import { lrsRulesOf } from '../../src/settings/lrs-rules.ts'
import type { ImportSettings } from '../../src/settings/settings.ts'
import { settingsWith } from './lrs.ts'

const clock = (): number => Date.now() * 1000

/** Those of somebody who sets nothing but what events need; the limits are lower. */
export const importSettings = (directory: string, settings: Partial<ImportSettings> = {}): ImportSettings => ({
  enabled: true,
  databaseUrl: undefined,
  file: join(directory, 'imports.db'),
  directory: join(directory, 'imports'),
  user: undefined,
  platformUrl: 'https://lms.example.org',
  uuidNamespace: 'ee241f8b-174f-5bdb-bae9-c09de5fe017f',
  maxSize: 2 ** 30,
  maxUnpackedSize: 2 ** 30,
  maxEntries: 100,
  maxRatio: 200,
  maxDepth: 5,
  maxAttempts: 20,
  urlHosts: [],
  urlNetworks: [],
  sweep: 30_000,
  longestPause: 900,
  ...settings
})

export interface TestedImports {
  readonly imports: Imports
  readonly backend: LrsBackend
  readonly directory: string
  /** Takes some bytes in and works on them. */
  import(filename: string, content: Uint8Array | string, offer?: Partial<ImportOffer>): Promise<ImportRecord>
  /** Ids of all statements of the default store. */
  ids(): Promise<readonly string[]>
  /** The report of rejected records, line by line. */
  rejected(id: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** What is left in staging. */
  staged(): readonly string[]
}

export interface TestedOptions {
  readonly settings?: Partial<ImportSettings>
  readonly handlers?: (lrs: ImportHandler) => readonly ImportHandler[]
  readonly directory?: string
  readonly backend?: LrsBackend
}

export async function* bytesOf(...chunks: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

/** Imports into a store in memory, for the length of a test. */
export const testImports = async (t: Test, options: TestedOptions = {}): Promise<TestedImports> => {
  const directory = options.directory ?? t.testdir()
  const settings = importSettings(directory, options.settings)
  const backend = options.backend ?? openMemory({}, { clock, appDir: directory, warn: () => {} })
  const lrs = lrsHandler({
    backend: async () => backend,
    rules: lrsRulesOf(settingsWith({})),
    newId: () => {
      throw new Error('the statement has no id')
    }
  })
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const imports = await openImports({ settings, handlers: options.handlers?.(lrs) ?? [lrs], clock, log })
  t.teardown(() => imports.close())
  const staging = join(settings.directory, 'staging')
  return {
    imports,
    backend,
    directory,
    import: async (filename, content, offer = {}) => {
      const { id } = await imports.submit({
        door: 'test',
        reference: filename,
        filename,
        open: () => bytesOf(content),
        ...offer
      })
      return imports.run(id)
    },
    ids: async () => {
      const { statements } = await backend.store()
      const page = await statements.query({ limit: 1_000_000, ascending: true })
      return page.statements.map(({ id }) => id)
    },
    rejected: async (id) => {
      let text = ''
      for await (const chunk of imports.rejected(id) ?? []) text += Buffer.from(chunk).toString('utf8')
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    },
    staged: () => (existsSync(staging) ? readdirSync(staging) : [])
  }
}
