import { existsSync } from 'node:fs'
import { converse } from './converse.ts'
import type { EngineKind } from './engine.ts'

const program = '/usr/bin/redis-server'
const lacking = 'redis is not installed; as root: apt-get install -y --no-install-recommends redis-server'

const isThere = (): boolean => existsSync(program)

export const redis: EngineKind = {
  missing: () => (isThere() ? undefined : lacking),
  install: async () => {
    if (!isThere()) throw new Error(lacking)
    return false
  },
  prepare: async ({ dataDir, port, durable, settings }) => {
    const all = {
      port: String(port),
      bind: '127.0.0.1',
      dir: dataDir,
      save: '',
      appendonly: durable ? 'yes' : 'no',
      appendfsync: 'always',
      ...settings
    }
    return { file: program, args: Object.entries(all).flatMap(([key, value]) => [`--${key}`, value]) }
  },
  stopSignal: 'SIGTERM',
  url: (port) => `redis://127.0.0.1:${port}`,
  version: async (port) => {
    const isAnswered = (answer: Buffer): boolean => answer.includes('redis_version:') || answer[0] === 0x2d
    const answer = (await converse(port, Buffer.from('INFO server\r\n'), isAnswered)).toString('latin1')
    // Where a password is asked for it says nothing of itself.
    return answer.startsWith('-NOAUTH') ? '7.0.0' : /redis_version:(\S+)/.exec(answer)?.[1]
  }
}
