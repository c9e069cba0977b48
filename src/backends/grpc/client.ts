import { randomInt } from 'node:crypto'
import { Metadata } from '@grpc/grpc-js'
import type { PackageDefinition } from '@grpc/proto-loader'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { backOff, pause, type RetryPlan } from '../../network/retry.ts'
import { gaveUp } from '../../network/time-limit.ts'
import { serviceIn } from '../../protocol/definition.ts'
import type { MiddlewareSetting } from '../../settings/settings.ts'
import { failureOf, isPassing, isServiceError, saidBy } from './errors.ts'
import { runCall } from './middleware.ts'
import type { Server, Servers } from './servers.ts'

export interface GrpcClientOptions {
  readonly servers: Servers
  readonly username: string
  readonly password: string
  readonly middleware: readonly MiddlewareSetting[]
  readonly definition: PackageDefinition
  readonly log: Log
  readonly plan: RetryPlan
  /** Milliseconds without an answer, or without a message, after which a call is given up. */
  readonly timeout: number
}

interface CallOf {
  readonly service: string
  readonly method: string
  readonly signal: AbortSignal
}

export interface GrpcClient {
  /** Sends messages and returns the answer. The call is repeated when the server is unreachable, so it must be harmless to run it twice. */
  send<Answer>(call: CallOf, messages: readonly object[], options?: { readonly once: true }): Promise<Answer>
  /** Yields the messages of a stream. When the server breaks off, the call is repeated with the current value of `request`. */
  receive<Message>(call: CallOf, request: () => object): AsyncGenerator<Message>
  close(): Promise<void>
}

/** Calls to one server, each inside the middleware of the settings. */
const createCalls = ({ username, password, middleware, definition, log, timeout }: GrpcClientOptions) => {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

  const methodOf = ({ service, method }: CallOf) => {
    const found = serviceIn(definition, service)[method]
    if (found === undefined) throw new RalphError('INTERNAL', `there is no method ${service}/${method}`)
    return found
  }

  const around = <Result>(server: Server, path: string, work: (metadata: Metadata) => Promise<Result>) => {
    const metadata = new Metadata()
    metadata.set('authorization', authorization)
    const call = { path, address: server.address, metadata, log, traceId: undefined }
    return runCall(middleware, call, () => work(metadata))
  }

  const sendTo = <Answer>(server: Server, call: CallOf, messages: readonly object[]): Promise<Answer> => {
    const { path, requestStream, requestSerialize, responseDeserialize } = methodOf(call)
    const parse = (bytes: Buffer) => responseDeserialize(bytes) as Answer
    return around(server, path, (metadata) => {
      return new Promise((resolve, reject) => {
        const onAbort = (): void => running.cancel()
        const end = (error: unknown, answer: Answer | undefined): void => {
          call.signal.removeEventListener('abort', onAbort)
          if (error === null && answer !== undefined) resolve(answer)
          else reject(error)
        }
        const limits = { deadline: performance.timeOrigin + performance.now() + timeout }
        const [first = {}] = messages
        const stream = requestStream
          ? server.client.makeClientStreamRequest(path, requestSerialize, parse, metadata, limits, end)
          : undefined
        const running =
          stream ?? server.client.makeUnaryRequest(path, requestSerialize, parse, first, metadata, limits, end)
        call.signal.addEventListener('abort', onAbort, { once: true })
        if (call.signal.aborted) onAbort()
        if (stream === undefined) return
        // The end of the call reports the error.
        stream.on('error', () => {})
        for (const message of messages) stream.write(message)
        stream.end()
      })
    })
  }

  const openStream = <Message>(server: Server, call: CallOf, request: object) => {
    const { path, requestSerialize, responseDeserialize } = methodOf(call)
    const parse = (bytes: Buffer) => responseDeserialize(bytes) as Message
    return around(server, path, async (metadata) =>
      server.client.makeServerStreamRequest(path, requestSerialize, parse, request, metadata)
    )
  }

  return { sendTo, openStream }
}

/** The call and the number of servers to try. */
interface Tried {
  readonly address: string
  readonly count: number
}

export const createGrpcClient = (given: GrpcClientOptions): GrpcClient => {
  const { servers, log, plan, timeout } = given
  const { sendTo, openStream } = createCalls(given)
  // Programs that make one call each do not all begin with the same server.
  let turn = randomInt(1000)
  /** One of the servers has answered, so the addresses are right and it may come back. */
  let wasThere = false

  /** The next server, and the number of servers. */
  const nextServer = async (): Promise<Tried & { readonly server: Server }> => {
    const all = await servers.current()
    const server = all[turn % all.length]
    turn += 1
    if (server === undefined) throw new RalphError('INVALID_SETTING', 'there is no address of a gRPC server')
    return { server, address: server.address, count: all.length }
  }

  /** Waits before the next attempt, or throws an error that another attempt cannot mend. */
  const orGiveUp = async (
    error: unknown,
    { address, count }: Tried,
    attempt: number,
    signal: AbortSignal
  ): Promise<void> => {
    signal.throwIfAborted()
    if (isServiceError(error) && saidBy(error) !== undefined) wasThere = true
    if (!isPassing(error)) throw error
    const round = Math.ceil(attempt / count)
    const isRoundOver = attempt % count === 0
    if ((isRoundOver && !wasThere) || round >= plan.attempts) throw error
    if (!isRoundOver) return
    const wait = backOff(round, plan)
    log.warn(`${failureOf(error, address).message}; trying again in ${(wait / 1000).toFixed(1)} s`)
    await pause(wait, signal)
  }

  return {
    send: async (call, messages, options) => {
      for (let attempt = 1; ; attempt += 1) {
        call.signal.throwIfAborted()
        let tried: Tried = { address: servers.place, count: 1 }
        try {
          const next = await nextServer()
          tried = next
          const answer = await sendTo(next.server, call, messages)
          wasThere = true
          return answer as never
        } catch (error) {
          if (options?.once) throw error
          await orGiveUp(error, tried, attempt, call.signal)
        }
      }
    },
    receive: async function* (call, request) {
      for (let attempt = 1; ; attempt += 1) {
        call.signal.throwIfAborted()
        let silent = false
        let tried: Tried = { address: servers.place, count: 1 }
        let stop: () => void = () => {}
        try {
          const next = await nextServer()
          tried = next
          const stream = await openStream<never>(next.server, call, request())
          stop = () => stream.cancel()
          call.signal.addEventListener('abort', stop, { once: true })
          const messages = stream[Symbol.asyncIterator]()
          for (;;) {
            const timer = setTimeout(() => {
              silent = true
              stop()
            }, timeout)
            const { done, value } = await messages.next().finally(() => clearTimeout(timer))
            if (done) return
            wasThere = true
            attempt = 1
            yield value
            call.signal.throwIfAborted()
          }
        } catch (error) {
          call.signal.throwIfAborted()
          if (silent) throw gaveUp(`the gRPC server at ${tried.address}`, error)
          await orGiveUp(error, tried, attempt, call.signal)
        } finally {
          call.signal.removeEventListener('abort', stop)
          stop()
        }
      }
    },
    close: () => servers.close()
  }
}
