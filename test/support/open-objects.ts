import { dataBackends } from '../../src/backends/registry.ts'
import type { OpenObjects } from '../../src/listeners/data-stores.ts'
import { loadBackend } from '../../src/settings/load.ts'
import { withBackendValues } from '../../src/settings/sources.ts'
import { keptLog } from './objects.ts'

/** Opens what a block of listeners names, as `main.ts` does. */
export const openObjects: OpenObjects = async (name, values) => {
  const role = dataBackends.find((each) => each.name === name)
  if (role === undefined) throw new Error(name)
  const sources = withBackendValues({ ordered: [], platformAppDir: '/nowhere' }, 'configuration file', name, values)
  const opened = await loadBackend(
    sources,
    role.configure.bind(role)
  )({
    clock: () => Date.now() * 1000,
    appDir: '/nowhere',
    log: keptLog(),
    openRegistry: () => Promise.reject(new Error('no data store finds its servers in a registry'))
  })
  if (opened.moves !== 'bytes') throw new Error(name)
  return opened
}
