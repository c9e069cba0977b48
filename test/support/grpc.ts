import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { pino } from 'pino'
import type { Test } from 'tap'
import type { Imports } from '../../src/contracts/imports.ts'
import type { Part } from '../../src/contracts/part.ts'
import { openAuthenticators } from '../../src/identity/authenticators.ts'
import { grpcPart } from '../../src/parts/grpc.ts'
import { startParts } from '../../src/parts/start.ts'
import { loadDefinition, serviceIn } from '../../src/protocol/definition.ts'
import type {
  ReadStatementsRequest,
  ReadStatementsResponse,
  WriteStatementsResponse
} from '../../src/protocol/messages.ts'
import { usualMiddleware } from '../../src/settings/grpc.ts'
import type { GrpcSettings, ServerSettings } from '../../src/settings/settings.ts'
import { basic, settingsWith } from './lrs.ts'
import { openBackend } from './lrs-place.ts'
import { writeAuthFile } from './lrs-users.ts'

/** A gRPC server on a real store, and clients of grpc-js that know nothing of Ralph but its proto files. */

export interface GrpcOptions {
  readonly backend?: 'memory' | 'sqlite'
  readonly directory?: string
  readonly settings?: Partial<ServerSettings>
  readonly grpc?: Partial<GrpcSettings>
  readonly makeSettings?: (settings: ServerSettings) => ServerSettings
  readonly imports?: Part<Imports>
  readonly onFault?: (error: unknown) => void
}

export interface GrpcLrs {
  readonly port: number
  /** Lines of the log, as JSON. */
  readonly log: readonly string[]
  stop(): Promise<void>
}

const partOf = <Service>(name: string, service: Service, stop: () => Promise<void>): Part<Service> => ({
  name,
  start: async () => ({ service, stop, health: async () => ({ state: 'ok' }) })
})

/** Starts a server for the length of a test. */
export const startGrpcLrs = async (t: Test, options: GrpcOptions = {}): Promise<GrpcLrs> => {
  const name = options.backend ?? 'sqlite'
  const directory = options.directory ?? join(t.testdir({ data: {} }), 'data')
  mkdirSync(directory, { recursive: true })
  const authFile = join(directory, 'auth.json')
  writeAuthFile(authFile, '')
  const log: string[] = []
  const logger = pino({ level: 'info', base: null }, { write: (line: string) => log.push(line) })
  const backend = await openBackend(name, directory, new Map([]), (message) => t.comment(message))
  const authenticators = await openAuthenticators(
    {
      authFile,
      cacheMaxSize: 1000,
      cacheTtl: 3600,
      allowDemoCredentials: false,
      basic: true,
      keys: true,
      oidc: undefined
    },
    { clock: () => Date.now() * 1000, log: logger, onRefused: () => {} }
  )
  const users = partOf('users', authenticators, async () => authenticators.close())
  const database = partOf('database', backend, () => backend.close())
  const grpc = grpcPart({
    grpc: { host: '127.0.0.1', port: 0, middleware: usualMiddleware, tls: undefined, ...options.grpc },
    settings: (options.makeSettings ?? ((whole) => whole))(settingsWith(options.settings ?? {})),
    logger,
    users,
    access: undefined,
    database,
    imports: options.imports,
    newId: randomUUID,
    version: '1.2.3',
    ...(options.onFault === undefined ? {} : { onFault: options.onFault })
  })
  let port = 0
  const told: Part = {
    name: 'told',
    start: async ({ use }) => {
      port = use(grpc).port
      return { service: undefined, stop: async () => {}, health: async () => ({ state: 'ok' }) }
    }
  }
  const parts = [users, database, ...(options.imports === undefined ? [] : [options.imports]), grpc, told]
  const started = await startParts(parts, { log: logger, signal: new AbortController().signal })
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= started.stop()
    return stopped
  }
  t.teardown(stop)
  return { port, log, stop }
}

const definition = await loadDefinition()

export interface Ended<Answer> {
  readonly answer?: Answer
  readonly error?: ServiceError
  readonly metadata?: Metadata
}

export interface CallSettings {
  readonly deadline?: number
  readonly metadata?: Readonly<Record<string, string>>
}

/** One user of the server; undefined: nobody. */
export const grpcClient = (t: Test, port: number, username: string | undefined) => {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1
  })
  t.teardown(() => client.close())
  const metadataOf = ({ metadata = {} }: CallSettings): Metadata => {
    const all = new Metadata()
    if (username !== undefined) all.set('authorization', basic(username))
    for (const [name, value] of Object.entries(metadata)) all.set(name, value)
    return all
  }
  const timing = ({ deadline }: CallSettings) => (deadline === undefined ? {} : { deadline: Date.now() + deadline })
  const methodOf = (service: string, method: string) => {
    const found = serviceIn(definition, service)[method]
    if (found === undefined) throw new Error(`there is no method ${service}/${method}`)
    return found
  }

  const unary = <Answer>(service: string, method: string, request: object, settings: CallSettings = {}) =>
    new Promise<Ended<Answer>>((resolve) => {
      const { path, requestSerialize, responseDeserialize } = methodOf(service, method)
      client.makeUnaryRequest(
        path,
        requestSerialize,
        (bytes) => responseDeserialize(bytes) as Answer,
        request,
        metadataOf(settings),
        timing(settings),
        (error, answer) => resolve(error === null ? { ...(answer === undefined ? {} : { answer }) } : { error })
      )
    })

  const clientStream = <Answer>(service: string, method: string, settings: CallSettings = {}) => {
    const { path, requestSerialize, responseDeserialize } = methodOf(service, method)
    let end: (ended: Ended<Answer>) => void = () => {}
    const ended = new Promise<Ended<Answer>>((resolve) => {
      end = resolve
    })
    let metadata: Metadata | undefined
    const stream = client.makeClientStreamRequest(
      path,
      requestSerialize,
      (bytes) => responseDeserialize(bytes) as Answer,
      metadataOf(settings),
      timing(settings),
      (error, answer) =>
        end({
          ...(error === null ? {} : { error }),
          ...(answer === undefined ? {} : { answer }),
          ...(metadata === undefined ? {} : { metadata })
        })
    )
    stream.on('metadata', (received: Metadata) => {
      metadata = received
    })
    // The end of the call tells of it.
    stream.on('error', () => {})
    return { stream, ended }
  }

  const serverStream = <Message>(service: string, method: string, request: object, settings: CallSettings = {}) => {
    const { path, requestSerialize, responseDeserialize } = methodOf(service, method)
    return client.makeServerStreamRequest(
      path,
      requestSerialize,
      (bytes) => responseDeserialize(bytes) as Message,
      request,
      metadataOf(settings),
      timing(settings)
    )
  }

  return {
    client,
    unary,
    clientStream,
    serverStream,
    /** Sends messages of statements, which are texts or become JSON. */
    write: async (messages: readonly (readonly unknown[])[], settings: CallSettings = {}) => {
      const { stream, ended } = clientStream<WriteStatementsResponse>('ralph.v1.Statements', 'Write', settings)
      for (const message of messages) {
        const statements = message.map((each) => Buffer.from(typeof each === 'string' ? each : JSON.stringify(each)))
        stream.write({ statements })
      }
      stream.end()
      return ended
    },
    /** The statements of a stream, as texts, and its last position. */
    read: async (request: ReadStatementsRequest = {}, settings: CallSettings = {}) => {
      const texts: string[] = []
      const positions: string[] = []
      try {
        const stream = serverStream<ReadStatementsResponse>('ralph.v1.Statements', 'Read', request, settings)
        for await (const message of stream as AsyncIterable<ReadStatementsResponse>) {
          texts.push(...message.statements.map((each) => Buffer.from(each).toString('utf8')))
          positions.push(message.position)
        }
        return { texts, positions }
      } catch (error) {
        return { texts, positions, error: error as ServiceError }
      }
    }
  }
}

/** The body of the error that a trailer carries. */
export const detailsOf = (error: ServiceError | undefined): Record<string, unknown> => {
  const [bytes] = error?.metadata.get('ralph-error-bin') ?? []
  if (!Buffer.isBuffer(bytes)) throw new Error(`no details: ${error?.message}`)
  return JSON.parse(bytes.toString('utf8'))
}
