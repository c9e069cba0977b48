import type { Client } from '@grpc/grpc-js'
import type { Clock } from '../../contracts/clock.ts'
import type { RegistrySettings } from '../../contracts/registry.ts'
import { RalphError } from '../../errors.ts'
import { addressOf, type Endpoint, endpointOf } from '../endpoint.ts'

const defaultPort = 2379
/** A connection that is silent for so long is asked whether it lives; etcd refuses to be asked more often than every 5 s. */
const keepaliveTime = 10_000

/** The servers of a cluster of etcd, and which of them is asked. */
export interface EtcdServers {
  readonly place: string
  /** The first server that can be reached, beginning with the one that was reached last. `REGISTRY_UNREACHABLE` */
  reached(): Promise<Client>
  /** Begins with the next one from now on. */
  leave(): void
  /** URLs of the servers that belong to the cluster, besides those that were given. */
  know(members: readonly string[]): void
  close(): void
}

export const createServers = (
  grpc: typeof import('@grpc/grpc-js'),
  settings: RegistrySettings,
  clock: Clock
): EtcdServers => {
  const { certificate, timeout } = settings
  const asEndpoint = (text: string): Endpoint => endpointOf(text, defaultPort, certificate !== undefined)
  const given = settings.endpoints.map(asEndpoint)
  let endpoints: readonly Endpoint[] = given
  let current = 0
  const clients = new Map<string, Client>()
  const clientOf = (endpoint: Endpoint): Client => {
    const address = addressOf(endpoint)
    const known = clients.get(address)
    if (known !== undefined) return known
    const authorities = certificate === undefined ? null : Buffer.from(certificate)
    const credentials = endpoint.tls ? grpc.credentials.createSsl(authorities) : grpc.credentials.createInsecure()
    const client = new grpc.Client(address, credentials, {
      'grpc.keepalive_time_ms': keepaliveTime,
      'grpc.keepalive_timeout_ms': timeout,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
      'grpc.max_receive_message_length': -1
    })
    clients.set(address, client)
    return client
  }
  const isReady = (client: Client, patience: number): Promise<boolean> =>
    new Promise((resolve) => {
      client.waitForReady(clock() / 1000 + patience, (error) => resolve(error === undefined))
    })
  const place = `etcd at ${given.map(addressOf).join(', ')}`
  return {
    place,
    reached: async () => {
      const all = endpoints
      for (let tried = 0; tried < all.length; tried += 1) {
        const at = (current + tried) % all.length
        const endpoint = all[at]
        if (endpoint === undefined || !(await isReady(clientOf(endpoint), timeout / all.length))) continue
        current = at
        return clientOf(endpoint)
      }
      throw new RalphError('REGISTRY_UNREACHABLE', `${place} was not reached within ${timeout} ms`, {
        setting: 'RALPH_REGISTRY__TIMEOUT'
      })
    },
    leave: () => {
      current += 1
    },
    know: (members) => {
      const known = new Set(given.map(addressOf))
      endpoints = [...given, ...members.map(asEndpoint).filter((each) => !known.has(addressOf(each)))]
    },
    close: () => {
      for (const client of clients.values()) client.close()
    }
  }
}
