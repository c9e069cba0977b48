import { once } from 'node:events'
import { hostname, networkInterfaces } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Log } from '../contracts/log.ts'
import type { Part, PartStatus } from '../contracts/part.ts'
import type { Lock, Registry } from '../contracts/registry.ts'
import { messageOf } from '../errors.ts'
import type { GrpcServer } from '../grpc/server.ts'
import { keyOf, textOf } from '../protocol/registered-server.ts'
import type { Values } from '../settings/define.ts'
import type { nodeGroup } from '../settings/registry.ts'
import type { GrpcSettings, ServerSettings } from '../settings/settings.ts'
import { addressOf } from './listen-error.ts'

export interface RegistrationOptions {
  readonly registry: Part<Registry>
  readonly node: Values<typeof nodeGroup>
  readonly settings: Pick<ServerSettings, 'host' | 'publicUrl'>
  readonly http: Part<FastifyInstance>
  /** Undefined: there is no gRPC. */
  readonly grpc: { readonly part: Part<GrpcServer>; readonly settings: GrpcSettings } | undefined
  /** Of Ralph. */
  readonly version: string
  readonly newId: () => string
  readonly log: Log
}

/** Milliseconds until a registry that could not be reached is asked again. */
const pause = 1000
/** Milliseconds: so long the end of a server waits for a registry that does not answer. */
const farewell = 2000

/** One by which other machines may reach this one. */
const ownAddress = (): string => {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? hostname()
}

const reachable = (host: string): string => (host === '0.0.0.0' || host === '::' ? ownAddress() : host)

const portOf = (server: FastifyInstance): number => {
  const bound = server.server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}

/** Resolves when the lock is lost, or the signal fires. */
const held = async (lost: AbortSignal, signal: AbortSignal): Promise<void> => {
  const either = AbortSignal.any([lost, signal])
  if (!either.aborted) await once(either, 'abort')
}

/**
 * Registers the server for as long as it runs: `services/<service>/<id>` is a lock that nobody else wants, whose value says
 * where the server is. It is renewed by itself, goes when the server stops, and with its TTL when the server is killed.
 * While no registry can be reached the server serves on, and tries again.
 */
export const registrationPart = (options: RegistrationOptions): Part => ({
  name: 'registration',
  start: async ({ use }) => {
    const { node, settings, http, grpc, version, newId, log } = options
    const registry = use(options.registry)
    const host = node.address ?? reachable(settings.host)
    const value = textOf({
      http: settings.publicUrl ?? `http://${addressOf(host, portOf(use(http)))}`,
      grpc: grpc && addressOf(node.address ?? reachable(grpc.settings.host), use(grpc.part).port),
      version
    })
    const key = keyOf(node.service, newId())
    const stopping = new AbortController()
    let status: PartStatus = { state: 'degraded', detail: 'not registered yet', hint: 'not registered yet' }
    const failed = (detail: string): void => {
      if (status.state !== 'degraded' || status.detail !== detail) log.warn(detail)
      status = { state: 'degraded', detail, hint: 'the server is not registered' }
    }
    const lock: Lock = registry.newLock(key, { value: Buffer.from(value), ttl: node.ttl })
    const leave = (): Promise<unknown> =>
      Promise.race([lock.unlock().catch(() => {}), wait(farewell, undefined, { ref: false })])
    const keepRegistered = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        try {
          const lost = await lock.lock(stopping.signal)
          status = { state: 'ok' }
          log.info(`Registered as ${key}: ${value}`)
          await held(lost, stopping.signal)
          if (!stopping.signal.aborted)
            failed(`The registration ${key} was lost: ${registry.place} was away, or it was deleted`)
        } catch (error) {
          if (stopping.signal.aborted) return
          failed(`The server cannot be registered: ${messageOf(error)}`)
          await wait(pause, undefined, { signal: stopping.signal }).catch(() => {})
        }
        await leave()
      }
    }
    const registering = keepRegistered()
    return {
      service: undefined,
      stop: async () => {
        stopping.abort()
        await Promise.race([registering, wait(farewell, undefined, { ref: false })])
      },
      health: async () => status
    }
  }
})
