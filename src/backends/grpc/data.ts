import { readFile } from 'node:fs/promises'
import type { RecordsBackend } from '../../contracts/data-backend.ts'
import type { Log } from '../../contracts/log.ts'
import type { Registry } from '../../contracts/registry.ts'
import { messageOf, RalphError } from '../../errors.ts'
import { type RetryPlan, usualRetries } from '../../network/retry.ts'
import { loadDefinition } from '../../protocol/definition.ts'
import type { HealthCheckResponse, ReadStatementsRequest, ReadStatementsResponse } from '../../protocol/messages.ts'
import type { MiddlewareSetting } from '../../settings/settings.ts'
import { createGrpcClient } from './client.ts'
import { failureOf } from './errors.ts'
import { readGrpc } from './read.ts'
import { fixedServers, registeredServers, serverOpener } from './servers.ts'
import { writeGrpc } from './write.ts'

export interface GrpcDataOptions {
  readonly addresses: readonly string[]
  /** The name of the service in the registry. Undefined: `addresses` are called. */
  readonly service: string | undefined
  readonly username: string
  readonly password: string
  readonly tls: boolean
  /** A path. */
  readonly certificate: string | undefined
  readonly middleware: readonly MiddlewareSetting[]
  /** Milliseconds. */
  readonly timeout: number
  readonly log: Log
  openRegistry(): Promise<Registry>
  readonly retries?: RetryPlan
}

const authoritiesOf = async ({ tls, certificate }: GrpcDataOptions): Promise<string | undefined> => {
  if (certificate === undefined) return tls ? '' : undefined
  try {
    return await readFile(certificate, 'utf8')
  } catch (error) {
    throw new RalphError(
      'INVALID_SETTING',
      `--grpc-certificate (${certificate}): ${messageOf(error)}`,
      {},
      { cause: error }
    )
  }
}

const refuseTarget = (target: string | undefined): void => {
  if (target === undefined) return
  throw new RalphError('UNSUPPORTED_OPERATION', 'the backend grpc has no --target: the store is that of the user', {
    target
  })
}

/** The statements of a Ralph server, over gRPC. */
export const openGrpcData = async (options: GrpcDataOptions): Promise<RecordsBackend> => {
  const { addresses, service, log, retries = usualRetries } = options
  const [authorities, definition] = await Promise.all([authoritiesOf(options), loadDefinition()])
  const open = serverOpener(authorities, options.middleware)
  const servers =
    service === undefined
      ? fixedServers(addresses, open)
      : registeredServers(await options.openRegistry(), service, open, log)
  const client = createGrpcClient({ ...options, servers, definition, plan: retries })
  const { place } = servers
  const closed = new AbortController()
  const until = (signal: AbortSignal | undefined): AbortSignal =>
    signal === undefined ? closed.signal : AbortSignal.any([signal, closed.signal])
  /** No error of the driver leaves the backend. */
  const translated = (error: unknown, signal: AbortSignal): unknown =>
    signal.aborted ? signal.reason : failureOf(error, place)

  return {
    moves: 'records',
    status: async ({ signal } = {}) => {
      const all = until(signal)
      try {
        const health = { service: 'grpc.health.v1.Health', method: 'Check', signal: all }
        const { status } = await client.send<HealthCheckResponse>(health, [{ service: 'ralph.v1.Statements' }], {
          once: true
        })
        if (status !== 'SERVING') return { state: 'error', detail: `the gRPC server at ${place} is ${status}` }
        // Checks that the server knows the user.
        const one: ReadStatementsRequest = { limit: 1 }
        const read = { service: 'ralph.v1.Statements', method: 'Read', signal: all }
        for await (const _ of client.receive<ReadStatementsResponse>(read, () => one)) break
        return { state: 'ok' }
      } catch (error) {
        signal?.throwIfAborted()
        const { code, message } = failureOf(error, place)
        if (code === 'FORBIDDEN') return { state: 'ok' }
        return { state: code === 'STORE_UNAVAILABLE' ? 'away' : 'error', detail: message }
      }
    },
    read: async function* (query, { signal, target, ...others }) {
      refuseTarget(target)
      const all = until(signal)
      try {
        yield* readGrpc(client, query, { ...others, signal: all })
      } catch (error) {
        throw translated(error, all)
      }
    },
    write: async (batch, { signal, target }) => {
      refuseTarget(target)
      const all = until(signal)
      try {
        return await writeGrpc(client, batch, { signal: all })
      } catch (error) {
        throw translated(error, all)
      }
    },
    close: async () => {
      closed.abort(new RalphError('INTERRUPTED', 'the backend was closed'))
      await client.close()
    }
  }
}
