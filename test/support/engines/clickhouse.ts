import { cpSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { installation, notInstalled, sources } from './checkout.ts'
import type { EngineKind } from './engine.ts'
import { run } from './tools.ts'

const library = '@chdb/lib-linux-x64-gnu/libchdb.so'

const place = installation('clickhouse', ['clickhouse/package.json', 'clickhouse/package-lock.json'])

/** The genuine ClickHouse, out of the library that npm has of it, for x86-64. */
export const clickhouse: EngineKind = {
  missing: () => (place.isThere() ? undefined : notInstalled('clickhouse')),
  install: async () =>
    place.make(async (directory) => {
      for (const name of ['package.json', 'package-lock.json'])
        cpSync(join(sources, 'clickhouse', name), join(directory, name))
      await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], directory)
      const { resolve } = createRequire(join(directory, 'package.json'))
      resolve(library)
    }),
  prepare: async ({ dataDir, port, settings }) => ({
    file: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      join(sources, 'clickhouse/server.ts'),
      place.directory,
      library,
      join(dataDir, 'data'),
      String(port),
      ...Object.entries(settings).map(([key, value]) => `--${key}=${value}`)
    ]
  }),
  stopSignal: 'SIGTERM',
  url: (port) => `http://127.0.0.1:${port}`,
  version: async (port) => {
    const answer = await fetch(`http://127.0.0.1:${port}/?query=SELECT+version()`)
    const text = await answer.text()
    return answer.ok ? text.trim() : undefined
  }
}
