import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineKind } from './engine.ts'

const program = '/usr/bin/etcd'
const lacking = 'etcd is not installed; as root: apt-get install -y --no-install-recommends etcd-server'

/** Debian's etcd: one server, a cluster of its own. */
export const etcd: EngineKind = {
  missing: () => (existsSync(program) ? undefined : lacking),
  install: async () => {
    if (!existsSync(program)) throw new Error(lacking)
    return false
  },
  prepare: async ({ dataDir, port, durable, settings }) => {
    const all = {
      'data-dir': join(dataDir, 'data'),
      'listen-client-urls': `http://127.0.0.1:${port}`,
      'advertise-client-urls': `http://127.0.0.1:${port}`,
      // Nobody else is in the cluster: the port is any free one.
      'listen-peer-urls': 'http://127.0.0.1:0',
      'initial-advertise-peer-urls': 'http://127.0.0.1:1',
      'initial-cluster': 'default=http://127.0.0.1:1',
      'log-level': 'warn',
      ...(durable ? {} : { 'unsafe-no-fsync': 'true' }),
      ...settings
    }
    return { file: program, args: Object.entries(all).map(([name, value]) => `--${name}=${value}`) }
  },
  stopSignal: 'SIGTERM',
  url: (port) => `http://127.0.0.1:${port}`,
  version: async (port) => {
    const health: unknown = await (await fetch(`http://127.0.0.1:${port}/health`)).json()
    if (JSON.stringify(health) !== '{"health":"true"}' && !JSON.stringify(health).includes('"health":"true"'))
      return undefined
    const version: unknown = await (await fetch(`http://127.0.0.1:${port}/version`)).json()
    return /"etcdserver":"([^"]+)"/.exec(JSON.stringify(version))?.[1]
  }
}
