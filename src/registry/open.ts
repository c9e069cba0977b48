import type { Clock } from '../contracts/clock.ts'
import type { Registry, RegistrySettings } from '../contracts/registry.ts'
import { openLocal } from './local.ts'

/** Opens the registry that is set; whoever opens it closes it. Servers are reached by the first call, not by this one. */
export const openRegistry = async (settings: RegistrySettings, clock: Clock): Promise<Registry> => {
  switch (settings.provider) {
    case 'boltdb':
      return openLocal(settings, clock)
    case 'zookeeper':
      return (await import('./zookeeper/zookeeper.ts')).openZookeeper(settings)
    case 'consul':
      return (await import('./consul/consul.ts')).openConsul(settings)
    case 'etcd':
      return (await import('./etcd/etcd.ts')).openEtcd(settings, clock)
  }
}
