import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { installation, notInstalled, sources } from './checkout.ts'
import type { EngineKind } from './engine.ts'
import { run } from './tools.ts'

/** Debian's packages are there for Debian's Python only. */
const python = '/usr/bin/python3'
const packages = '/usr/lib/python3/dist-packages'
const lacking =
  'swift is not installed; as root: apt-get install -y --no-install-recommends python3-swift python3-keystone python3-keystonemiddleware'

const isThere = (): boolean =>
  [python, ...['swift', 'keystone', 'keystonemiddleware'].map((name) => join(packages, name))].every(existsSync)

const place = installation('swift', ['swift'])
const server = join(sources, 'swift/server.py')

/**
 * The genuine Swift and Keystone (3) of Debian, one storage node. With one copy of everything nothing is learnt of what
 * replicas do; identity version 2 is a door of ours to version 3.
 */
export const swift: EngineKind = {
  missing: () => (!isThere() ? lacking : place.isThere() ? undefined : notInstalled('swift')),
  install: async () => {
    if (!isThere()) throw new Error(lacking)
    return place.make(async (directory) => {
      await run(python, [server, 'make', join(directory, 'keystone')])
    })
  },
  prepare: async ({ dataDir, port, settings }) => {
    if (Object.keys(settings).length > 0) throw new Error('Swift has no settings here')
    const home = join(dataDir, 'home')
    if (!existsSync(home)) cpSync(join(place.directory, 'keystone'), home, { recursive: true })
    return { file: python, args: [server, 'run', home, String(port)] }
  },
  stopSignal: 'SIGKILL',
  url: (port) => `http://ralph:ralph-secret@127.0.0.1:${port}`,
  version: async (port) => {
    const answer = await fetch(`http://127.0.0.1:${port}/info`)
    const info: unknown = await answer.json()
    return answer.ok ? /"version":"([^"]+)"/.exec(JSON.stringify(info))?.[1] : undefined
  }
}
