import { Server as NetServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import {
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type UntypedHandleCall
} from '@grpc/grpc-js'
import { ReflectionService } from '@grpc/reflection'
import { codeOf, messageOf, RalphError } from '../errors.ts'
import { createBudget } from '../http/budget.ts'
import { boundConnections } from '../http/every-request/connections.ts'
import { loadDefinition, serviceIn } from '../protocol/definition.ts'
import { composed } from '../protocol/middleware.ts'
import type { GrpcSettings, MiddlewareSetting } from '../settings/settings.ts'
import { boundArriving } from './arriving-messages.ts'
import { logging } from './middleware/logging.ts'
import { recover } from './middleware/recover.ts'
import { tracing } from './middleware/tracing.ts'
import type { Middleware } from './running-call.ts'
import { addressOfPeer, type Serving, serveCall, sourceOfPeer } from './serve.ts'
import { check, watch } from './services/health.ts'
import { getImport, submit, watchImport } from './services/imports.ts'
import { version } from './services/server.ts'
import type { ServedMethod, ServiceContext } from './services/service.ts'
import { read, write } from './services/statements.ts'
import { userOf } from './who.ts'

const byName: { readonly [name in Exclude<MiddlewareSetting['name'], 'max_message_size'>]: Middleware } = {
  recover,
  logging,
  tracing
}

/** In the order of the settings. The limit of messages is the server's own: it is asked before a message is put together. */
export const middlewareOf = (list: readonly MiddlewareSetting[]): Middleware =>
  composed(list.flatMap((each) => (each.name === 'max_message_size' ? [] : [byName[each.name]])))

/** Bytes of a message where no middleware says it: what gRPC has. */
const usualMessageSize = 4 * 2 ** 20

const messageSizeOf = (list: readonly MiddlewareSetting[]): number =>
  list.find((each) => each.name === 'max_message_size')?.bytes ?? usualMessageSize

/** Milliseconds in which the ends of the last calls reach their clients. */
const lastWords = 100

/** Milliseconds after which a connection without calls is closed; its client opens another one when it has a call. */
const idle = 300_000

/** Calls of one connection at a time; a client that makes more has them wait. */
const callsOfConnection = 100

const handlerOf = <Request, Response>(method: ServedMethod<Request, Response>, serving: Serving): UntypedHandleCall => {
  switch (method.kind) {
    case 'unary': {
      const handle: handleUnaryCall<Request, Response> = async (raw, respond) => {
        const end = await serveCall(raw, serving, (call) => method.run(call, raw.request, raw))
        if ('answer' in end) respond(null, end.answer)
        else respond(end.refusal)
      }
      return handle
    }
    case 'clientStream': {
      const handle: handleClientStreamingCall<Request, Response> = async (raw, respond) => {
        const end = await serveCall(raw, serving, (call) => method.run(call, raw))
        if ('answer' in end) respond(null, end.answer)
        else respond(end.refusal)
      }
      return handle
    }
    case 'serverStream': {
      const handle: handleServerStreamingCall<Request, Response> = async (raw) => {
        const end = await serveCall(raw, serving, (call) => method.run(call, raw.request, raw))
        if ('answer' in end) raw.end()
        else raw.emit('error', end.refusal)
      }
      return handle
    }
  }
}

export interface GrpcServerOptions {
  readonly grpc: GrpcSettings
  readonly context: Omit<ServiceContext, 'stopping'>
  readonly serving: Omit<Serving, 'middleware' | 'running'>
}

export interface GrpcServer {
  /** The port that it listens on. */
  readonly port: number
  readonly isListening: () => boolean
  /** Ends streams that have no end, waits for calls in flight, for so many milliseconds, and then breaks them off. */
  stop(patience: number): Promise<void>
}

const addressUnavailable = (address: string, error: unknown): RalphError =>
  new RalphError(
    'ADDRESS_UNAVAILABLE',
    `gRPC cannot listen on ${address} (${codeOf(error) ?? messageOf(error)}): choose another one with --grpc-host and --grpc-port, or RALPH_GRPC__HOST and RALPH_GRPC__PORT`,
    { address },
    { cause: error }
  )

const listen = (server: Server, { host, port, tls }: GrpcSettings): Promise<number> => {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { cert_chain: Buffer.from(tls.certificate), private_key: Buffer.from(tls.key) }
        ])
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (error === null) resolve(bound)
      else reject(addressUnavailable(address, error))
    })
  })
}

/** What listens. grpc-js does not give it away: a test fails when a later version names it otherwise. */
const socketsOf = (server: object): readonly NetServer[] => {
  const found: unknown = 'http2Servers' in server ? server.http2Servers : undefined
  if (!(found instanceof Map)) throw new RalphError('INTERNAL', 'grpc-js does not let its connections be bounded')
  return [...found.keys()].filter((each) => each instanceof NetServer)
}

/** Starts a server that speaks gRPC. `ADDRESS_UNAVAILABLE` */
export const startGrpc = async ({ grpc, context, serving }: GrpcServerOptions): Promise<GrpcServer> => {
  const stopping = new AbortController()
  const full: ServiceContext = { ...context, stopping: stopping.signal }
  const calls: Serving = { ...serving, middleware: middlewareOf(grpc.middleware), running: new Set() }
  const limit = messageSizeOf(grpc.middleware)
  const { settings, budget, authenticators } = context
  const anonymous = createBudget({
    limit: settings.maxAnonymousBytes,
    setting: 'RALPH_RUNSERVER_MAX_ANONYMOUS_BYTES',
    what: 'messages of unknown senders'
  })
  const arriving = boundArriving({
    anonymous,
    budget,
    settings,
    authenticate: (metadata, peer) =>
      userOf({ metadata, source: sourceOfPeer(peer), address: addressOfPeer(peer) }, { authenticators })
  })
  const server = new Server({
    interceptors: [arriving],
    'grpc.max_receive_message_length': limit,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': callsOfConnection,
    'grpc.max_connection_idle_ms': idle
  })
  const definition = await loadDefinition()
  const health = { Check: handlerOf(check(full), calls), Watch: handlerOf(watch(full), calls) }
  const statements = { Write: handlerOf(write(full), calls), Read: handlerOf(read(full), calls) }
  const imports = {
    Submit: handlerOf(submit(full), calls),
    Get: handlerOf(getImport(full), calls),
    Watch: handlerOf(watchImport(full), calls)
  }
  server.addService(serviceIn(definition, 'ralph.v1.Statements'), statements)
  server.addService(serviceIn(definition, 'ralph.v1.Imports'), imports)
  server.addService(serviceIn(definition, 'ralph.v1.Server'), { Version: handlerOf(version(full), calls) })
  server.addService(serviceIn(definition, 'grpc.health.v1.Health'), health)
  new ReflectionService(definition).addToServer(server)
  const port = await listen(server, grpc)
  const connections = socketsOf(server).map((each) => boundConnections(each, { settings, logger: serving.logger }))
  let isListening = true
  return {
    port,
    isListening: () => isListening,
    stop: async (patience) => {
      isListening = false
      stopping.abort()
      // It waits for connections too, and clients keep theirs.
      server.tryShutdown(() => {})
      const end = performance.now() + patience
      while (calls.running.size > 0 && performance.now() < end) await wait(20)
      await wait(lastWords)
      server.forceShutdown()
      for (const each of connections) each.close()
    }
  }
}
