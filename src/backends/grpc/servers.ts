import { type ChannelCredentials, Client, credentials } from '@grpc/grpc-js'
import type { Log } from '../../contracts/log.ts'
import type { KVPair, Registry } from '../../contracts/registry.ts'
import { messageOf, RalphError } from '../../errors.ts'
import { pause } from '../../network/retry.ts'
import { directoryOf, grpcAddressIn } from '../../protocol/registered-server.ts'
import type { MiddlewareSetting } from '../../settings/settings.ts'

export interface Server {
  /** `host:port` */
  readonly address: string
  readonly client: Client
}

/** The servers of one LRS. */
export interface Servers {
  /** The name of the servers in messages. */
  readonly place: string
  /** The servers that are known now. Throws `REGISTRY_UNREACHABLE` when they are in a registry that does not answer. */
  current(): Promise<readonly Server[]>
  close(): Promise<void>
}

export type OpenServer = (address: string) => Server

/** @param authorities PEM of the trusted authorities; `''`: the usual ones; undefined: no TLS. */
export const serverOpener = (authorities: string | undefined, middleware: readonly MiddlewareSetting[]): OpenServer => {
  const limit = middleware.find((each) => each.name === 'max_message_size')?.bytes
  const channel = {
    ...(limit === undefined ? {} : { 'grpc.max_receive_message_length': limit, 'grpc.max_send_message_length': limit }),
    // A server that is back is found within the pauses between attempts.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2000
  }
  const trust: ChannelCredentials =
    authorities === undefined
      ? credentials.createInsecure()
      : credentials.createSsl(authorities === '' ? null : Buffer.from(authorities))
  return (address) => ({ address, client: new Client(address, trust, channel) })
}

/** Servers that the settings name. */
export const fixedServers = (addresses: readonly string[], open: OpenServer): Servers => {
  const servers = addresses.map(open)
  return {
    place: addresses.join(', '),
    current: async () => servers,
    close: async () => {
      for (const { client } of servers) client.close()
    }
  }
}

/** Milliseconds before a failed watch is started again. */
const restAfterFailure = 1000

/** Servers in a registry below `services/<service>`. Changes in the registry are followed. */
export const registeredServers = (registry: Registry, service: string, open: OpenServer, log: Log): Servers => {
  const directory = directoryOf(service)
  const place = `the service ${service} of ${registry.place}`
  const stopping = new AbortController()
  let known: ReadonlyMap<string, Server> = new Map()

  const follow = (pairs: readonly KVPair[]): void => {
    const addresses = pairs.flatMap(({ key, value }) => {
      const address = grpcAddressIn(value)
      if (address === undefined)
        log.warn(`${key} in ${registry.place} is not the address of a server: it is passed over`)
      return address ?? []
    })
    const next = new Map(addresses.map((address) => [address, known.get(address) ?? open(address)]))
    // Calls in progress continue.
    for (const [address, { client }] of known) if (!next.has(address)) client.close()
    known = next
  }

  let first: PromiseWithResolvers<void> | undefined
  const watch = async (told: PromiseWithResolvers<void>): Promise<void> => {
    let failed = ''
    while (!stopping.signal.aborted) {
      try {
        for await (const pairs of registry.watchTree(directory, stopping.signal)) {
          follow(pairs)
          failed = ''
          told.resolve()
        }
      } catch (error) {
        // A caller that asked before any server was known gets the error.
        if (known.size === 0) {
          first = undefined
          told.reject(error)
          return
        }
        const message = `${place} is not followed, the servers that were known last are called: ${messageOf(error)}`
        if (message !== failed) log.warn(message)
        failed = message
        await pause(restAfterFailure, stopping.signal).catch(() => {})
      }
    }
  }

  return {
    place,
    current: async () => {
      if (first === undefined) {
        first = Promise.withResolvers<void>()
        void watch(first)
      }
      await first.promise
      if (known.size > 0) return [...known.values()]
      throw new RalphError('STORE_UNAVAILABLE', `there is no gRPC server in ${place} (${directory})`, { directory })
    },
    close: async () => {
      stopping.abort()
      for (const { client } of known.values()) client.close()
      await registry.close()
    }
  }
}
