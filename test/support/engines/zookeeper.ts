import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { converse } from './converse.ts'
import type { EngineKind } from './engine.ts'

const jars = '/usr/share/java'
const lacking = 'ZooKeeper is not installed; as root: apt-get install -y --no-install-recommends zookeeper'
const isThere = (): boolean => existsSync(join(jars, 'zookeeper.jar')) && existsSync('/usr/bin/java')

/** Debian's ZooKeeper: one server, without an ensemble. */
export const zookeeper: EngineKind = {
  missing: () => (isThere() ? undefined : lacking),
  install: async () => {
    if (!isThere()) throw new Error(lacking)
    return false
  },
  prepare: async ({ dataDir, port, durable, settings }) => {
    const all = {
      // A session lasts at least two ticks.
      tickTime: '500',
      // That of the usual tick.
      maxSessionTimeout: '40000',
      dataDir: join(dataDir, 'data'),
      clientPort: String(port),
      clientPortAddress: '127.0.0.1',
      'admin.enableServer': 'false',
      '4lw.commands.whitelist': '*',
      maxClientCnxns: '0',
      ...(durable ? {} : { forceSync: 'no' }),
      ...settings
    }
    const file = join(dataDir, 'zoo.cfg')
    writeFileSync(
      file,
      Object.entries(all)
        .map(([name, value]) => `${name}=${value}\n`)
        .join('')
    )
    const path = [join(jars, 'zookeeper.jar'), join(jars, '*')]
    const options = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
    return { file: '/usr/bin/java', args: [...options, '-cp', path.join(':'), main, file] }
  },
  stopSignal: 'SIGTERM',
  url: (port) => `http://127.0.0.1:${port}`,
  version: async (port) => {
    const answer = await converse(port, Buffer.from('srvr'), (sent) => sent.includes('Node count'))
    return /Zookeeper version: (\d+\.\d+\.\d+)/.exec(answer.toString())?.[1]
  }
}
