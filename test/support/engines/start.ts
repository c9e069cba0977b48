/**
 * Starts an engine of one's own, prints its URL when it answers, and ends it with this process:
 * `node test/support/engines/start.ts es [--port 9200] [--data DIR] [--set key=value]… [--not-durable]`.
 * Without --data the data is gone at the end.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { engineNames, isEngineName } from './engine.ts'
import { startPrivateEngine } from './private-engine.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string' },
    data: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    'not-durable': { type: 'boolean', default: false }
  }
})
const [name = ''] = positionals
if (!isEngineName(name)) throw new Error(`Say which engine: ${engineNames.join(', ')}`)
const settings = values.set.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)])
const temporary = values.data === undefined ? mkdtempSync(join(tmpdir(), 'ralph-engine-')) : undefined

const engine = await startPrivateEngine(name, values.data ?? temporary ?? '', {
  ...(values.port === undefined ? {} : { port: Number(values.port) }),
  durable: !values['not-durable'],
  measured: true,
  settings: Object.fromEntries(settings)
})
if ('missing' in engine) throw new Error(engine.missing)
process.stdout.write(`${engine.url}\n`)

const stop = async (): Promise<void> => {
  await engine.stop()
  if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true })
  process.exit()
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)
