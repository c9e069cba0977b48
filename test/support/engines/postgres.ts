import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { converse } from './converse.ts'
import type { EngineKind } from './engine.ts'
import { asUser, run } from './tools.ts'

const versions = '/usr/lib/postgresql'
const lacking = 'postgres is not installed; as root: apt-get install -y --no-install-recommends postgresql'

/** The programs of the newest PostgreSQL that Debian has installed. */
const programs = (): string | undefined => {
  if (!existsSync(versions)) return undefined
  return readdirSync(versions)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(versions, version, 'bin'))
    .find((directory) => existsSync(join(directory, 'postgres')))
}

/** PostgreSQL refuses to run as root; Debian's package makes this user. */
const user = process.getuid?.() === 0 ? 'postgres' : undefined

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Protocol 3.0, user and database postgres. */
const startup = (): Buffer => {
  const body = Buffer.concat([int32(0x30000), Buffer.from('user\0postgres\0database\0postgres\0\0')])
  return Buffer.concat([int32(body.length + 4), body])
}

/** Up to ReadyForQuery, or an error: what is sent before the server takes connections. */
const isGreeted = (answer: Buffer): boolean => {
  for (let at = 0; at + 5 <= answer.length; at += 1 + answer.readInt32BE(at + 1))
    if (answer[at] === 0x5a || answer[at] === 0x45) return true
  return false
}

export const postgres: EngineKind = {
  missing: () => (programs() === undefined ? lacking : undefined),
  install: async () => {
    if (programs() === undefined) throw new Error(lacking)
    return false
  },
  prepare: async ({ dataDir, port, durable, settings }) => {
    const bin = programs()
    if (bin === undefined) throw new Error(lacking)
    const data = join(dataDir, 'data')
    if (!existsSync(join(data, 'PG_VERSION'))) {
      mkdirSync(data, { recursive: true, mode: 0o700 })
      const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
      if (user === undefined) await run(join(bin, 'initdb'), initdb, dataDir)
      else {
        const [uid, gid] = [await run('id', ['-u', user]), await run('id', ['-g', user])]
        chownSync(data, Number(uid), Number(gid))
        await run('setpriv', [...asUser(user), '--', join(bin, 'initdb'), ...initdb], '/')
      }
    }
    const all = {
      listen_addresses: '127.0.0.1',
      // No socket file: where it may be depends on who runs this.
      unix_socket_directories: '',
      max_connections: '200',
      ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
      ...settings
    }
    const options = Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`])
    return {
      file: join(bin, 'postgres'),
      args: ['-D', data, '-p', String(port), ...options],
      ...(user === undefined ? {} : { user })
    }
  },
  // Fast: SIGTERM would wait until the last client is gone.
  stopSignal: 'SIGINT',
  url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  version: async (port) => {
    const greeting = await converse(port, startup(), isGreeted)
    return /server_version\0([^\0]+)\0/.exec(greeting.toString('latin1'))?.[1]
  }
}
