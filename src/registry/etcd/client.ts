import type { ClientDuplexStream, Metadata } from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Clock } from '../../contracts/clock.ts'
import type { RegistrySettings } from '../../contracts/registry.ts'
import { RalphError } from '../../errors.ts'
import { asRalphError } from './errors.ts'
import { asMessage, type EtcdMessage, listOf, textOf } from './message.ts'
import { definitionsOf } from './protocol.ts'
import { createServers } from './servers.ts'

/** Milliseconds between two looks at who belongs to the cluster. */
const syncInterval = 300_000

type Method = MethodDefinition<object, object>

export interface EtcdClient {
  readonly place: string
  /** One request and its answer. `REGISTRY_UNREACHABLE`, `UNAUTHENTICATED`, `FORBIDDEN`. */
  call(path: string, request: object): Promise<EtcdMessage>
  /**
   * Sends one message on a stream and hands over what comes back, until `isDone` says that it is enough, or the signal
   * fires.
   */
  converse(path: string, request: object, isDone: (answer: EtcdMessage) => boolean, signal: AbortSignal): Promise<void>
  close(): void
}

/** Ends with the signal, with an answer that is enough, or when the server ends it. */
const conversation = (
  stream: ClientDuplexStream<object, object>,
  request: object,
  {
    isDone,
    signal,
    place
  }: {
    readonly isDone: (answer: EtcdMessage) => boolean
    readonly signal: AbortSignal
    readonly place: string
  }
): Promise<void> => {
  const stop = (): void => stream.cancel()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const ended = new Promise<void>((resolve, reject) => {
    stream.on('data', (answer: unknown) => {
      try {
        if (isDone(asMessage(answer, 'message'))) resolve()
      } catch (error) {
        reject(error)
      }
    })
    stream.on('error', (error) => (signal.aborted ? resolve() : reject(asRalphError(error, place))))
    stream.on('end', resolve)
    stream.write(request)
  })
  return ended.finally(() => {
    signal.removeEventListener('abort', stop)
    stream.cancel()
  })
}

export const createEtcdClient = async (settings: RegistrySettings, clock: Clock): Promise<EtcdClient> => {
  const [grpc, loader] = await Promise.all([import('@grpc/grpc-js'), import('@grpc/proto-loader')])
  const definitions = definitionsOf(loader)
  const servers = createServers(grpc, settings, clock)
  const { place } = servers
  const methodOf = (path: string): Method => {
    const [, service = '', name = ''] = path.split('/')
    const found = definitions[service]
    const method = found !== undefined && !('format' in found) ? found[name] : undefined
    if (method === undefined) throw new Error(`etcd has no method ${path}`)
    return method
  }
  const unary = async (path: string, request: object, metadata: Metadata): Promise<EtcdMessage> => {
    const client = await servers.reached()
    const { requestSerialize, responseDeserialize } = methodOf(path)
    const options = { deadline: clock() / 1000 + settings.requestTimeout }
    return new Promise((resolve, reject) => {
      const answered = (error: Error | null, answer?: object): void => {
        if (error === null) {
          resolve(asMessage(answer, path))
          return
        }
        const failure = asRalphError(error, place)
        // Another server may do better next time.
        if (failure.code === 'REGISTRY_UNREACHABLE') servers.leave()
        reject(failure)
      }
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, answered)
    })
  }
  let token: Promise<string> | undefined
  const logIn = async (): Promise<string> => {
    const { username: name, password } = settings
    return textOf(await unary('/etcdserverpb.Auth/Authenticate', { name, password }, new grpc.Metadata()), 'token')
  }
  const metadata = async (): Promise<Metadata> => {
    const made = new grpc.Metadata()
    if (settings.username === undefined) return made
    token ??= logIn()
    try {
      made.set('token', await token)
    } catch (error) {
      token = undefined
      throw error
    }
    return made
  }
  const isStale = (error: unknown): boolean =>
    settings.username !== undefined && error instanceof RalphError && error.code === 'UNAUTHENTICATED'
  /** Tokens of etcd end after five minutes without use: then a new one is asked for, once. */
  const call = async (path: string, request: object): Promise<EtcdMessage> => {
    try {
      return await unary(path, request, await metadata())
    } catch (error) {
      if (!isStale(error)) throw error
      token = undefined
      return unary(path, request, await metadata())
    }
  }
  let synced = Number.NEGATIVE_INFINITY
  const sync = async (): Promise<void> => {
    if (!settings.autoSync || performance.now() - synced < syncInterval) return
    const answer = await call('/etcdserverpb.Cluster/MemberList', {})
    synced = performance.now()
    const urls = listOf(answer, 'members').flatMap((each) => listOf(asMessage(each, 'members'), 'clientURLs'))
    servers.know(urls.filter((each) => typeof each === 'string'))
  }
  return {
    place,
    call: async (path, request) => {
      await sync()
      return call(path, request)
    },
    converse: async (path, request, isDone, signal) => {
      const client = await servers.reached()
      const { requestSerialize, responseDeserialize } = methodOf(path)
      const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, await metadata())
      await conversation(stream, request, { isDone, signal, place })
    },
    close: servers.close
  }
}
