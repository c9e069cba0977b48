import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { converse } from './converse.ts'
import type { EngineKind } from './engine.ts'

const program = '/usr/lib/rabbitmq/bin/rabbitmq-server'
const lacking = 'rabbitmq is not installed; as root: apt-get install -y --no-install-recommends rabbitmq-server'

const isThere = (): boolean => existsSync(program)

/**
 * RabbitMQ looks for an epmd, and would leave one behind. So it is given one that ends with it: the shell becomes the
 * server, and its child is told to die with it.
 */
const script = `setpriv --pdeathsig=KILL -- epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" &
exec ${program}`

/** Below the ports that the system gives to clients: the server would not start on one of those that is in use. */
const below = (port: number): number => port - 10_000

export const rabbitmq: EngineKind = {
  missing: () => (isThere() ? undefined : lacking),
  install: async () => {
    if (!isThere()) throw new Error(lacking)
    return false
  },
  prepare: async ({ dataDir, port, settings }) => {
    const at = (name: string): string => join(dataDir, name)
    for (const name of ['log', 'mnesia']) mkdirSync(at(name), { recursive: true })
    writeFileSync(at('enabled_plugins'), '[].')
    const all = { 'listeners.tcp.default': `127.0.0.1:${port}`, ...settings }
    writeFileSync(
      at('rabbitmq.conf'),
      Object.entries(all)
        .map(([key, value]) => `${key} = ${value}\n`)
        .join('')
    )
    return {
      file: '/bin/sh',
      args: ['-c', script],
      env: {
        HOME: dataDir,
        RABBITMQ_NODENAME: `ralph${port}@localhost`,
        RABBITMQ_DIST_PORT: String(below(port)),
        RABBITMQ_MNESIA_BASE: at('mnesia'),
        RABBITMQ_LOG_BASE: at('log'),
        RABBITMQ_LOGS: '-',
        RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
        RABBITMQ_PID_FILE: at('pid'),
        RABBITMQ_CONF_ENV_FILE: '/dev/null',
        RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
        ERL_EPMD_ADDRESS: '127.0.0.1',
        ERL_EPMD_PORT: String(below(port) + 1),
        // The script then becomes the server, instead of waiting for it.
        RABBITMQ_ALLOW_INPUT: '1',
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-noinput -kernel inet_dist_use_interface {127,0,0,1}'
      }
    }
  },
  stopSignal: 'SIGTERM',
  url: (port) => `amqp://guest:guest@127.0.0.1:${port}`,
  version: async (port) => {
    const greeting = await converse(port, Buffer.from('AMQP\0\0\x09\x01', 'latin1'), (answer) =>
      answer.includes('platform')
    )
    return /versionS\0\0\0.([\d.]+)/s.exec(greeting.toString('latin1'))?.[1]
  }
}
