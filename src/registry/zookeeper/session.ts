import { once } from 'node:events'
import type { Client, Failure } from 'node-zookeeper-client'
import type { RegistrySettings } from '../../contracts/registry.ts'
import { messageOf, RalphError } from '../../errors.ts'
import { addressOf, endpointOf } from '../endpoint.ts'

const defaultPort = 2181
/** The state CLOSING of a connection: one that ends in it is not made again. */
const closing = -1
/** Connections that are tried, one after the other, in the time in which a server must be reached. */
const attempts = 4
/** Milliseconds that a server has to confirm the end of a session. */
const farewell = 500

/** Error codes of ZooKeeper that callers decide upon. */
export const zookeeperCodes = {
  noNode: -101,
  badVersion: -103,
  noChildrenForEphemerals: -108,
  nodeExists: -110,
  notEmpty: -111
} as const

/** What the server said to one request, when it is neither done nor a failure of everything. */
export class ZookeeperRefusal extends Error {
  override readonly name = 'ZookeeperRefusal'
  readonly code: number

  constructor(code: number, options: ErrorOptions) {
    super(`ZooKeeper says ${code}`, options)
    this.code = code
  }
}

/** A session: what is ephemeral in it goes when it ends. */
export interface ZookeeperSession {
  /** Of the server's choice, in milliseconds. */
  timeout(): number
  id(): string
  isOver(): boolean
  /** One request. `ZookeeperRefusal`, `REGISTRY_UNREACHABLE`, `FORBIDDEN`, `UNAUTHENTICATED`. */
  ask<Answer>(run: (client: Client, done: (error: Failure, answer: Answer) => void) => void): Promise<Answer>
  /**
   * Ends the session at once. One whose connection is broken cannot say so: the server keeps it until its time-out, unless
   * the connection is there again within `patience` milliseconds.
   */
  close(patience?: number): Promise<void>
  /** Says nothing more: the server ends the session after its time-out. */
  abandon(): void
}

export const placeOf = ({ endpoints }: Pick<RegistrySettings, 'endpoints'>): string =>
  `zookeeper at ${endpoints.map((each) => addressOf(endpointOf(each, defaultPort, false))).join(', ')}`

const asRalphError = (error: unknown, place: string): Error => {
  if (error instanceof RalphError) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : 0
  if (code === -102)
    return new RalphError('FORBIDDEN', `${place} does not allow this user to do it`, {}, { cause: error })
  if (code === -115) return new RalphError('UNAUTHENTICATED', `${place} does not know this user`, {}, { cause: error })
  if (code < -100 && code !== -112) return new ZookeeperRefusal(code, { cause: error })
  return new RalphError('REGISTRY_UNREACHABLE', `${place} is unreachable: ${messageOf(error)}`, {}, { cause: error })
}

/**
 * Breaks off connections that the server does not answer, until one is made; gives what ends this. A server that is just
 * starting may take a connection and never answer it, and the library waits for that for most of a session.
 */
const insistOnConnection = (client: Client, patience: number): (() => void) => {
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => clearInterval(timer)
  const begin = (): void => {
    stop()
    timer = setInterval(() => client.connectionManager.socket?.destroy(), patience).unref()
  }
  client.on('disconnected', begin)
  for (const event of ['connected', 'expired', 'authenticationFailed']) client.on(event, stop)
  begin()
  return () => {
    client.off('disconnected', begin)
    stop()
  }
}

/** Resolves when the client is connected again, when its session has ended, or after so many milliseconds. */
const connectionOrEnd = async (client: Client, patience: number): Promise<void> => {
  const signal = AbortSignal.timeout(patience)
  const events = ['connected', 'expired', 'authenticationFailed']
  // Whichever comes first; that the time is over is not a failure.
  await Promise.race(events.map((event) => once(client, event, { signal }))).catch(() => {})
}

/** Opens a session that lasts for so many milliseconds without its client. `changed` is called when it was away or is over. */
export const openSession = async (
  settings: RegistrySettings,
  sessionTimeout: number,
  changed: () => void = () => {}
): Promise<ZookeeperSession> => {
  const zookeeper = (await import('node-zookeeper-client')).default
  const servers = settings.endpoints.map((each) => addressOf(endpointOf(each, defaultPort, false))).join(',')
  const place = placeOf(settings)
  const client = zookeeper.createClient(servers, { sessionTimeout, spinDelay: 200, retries: 0 })
  if (settings.username !== undefined) {
    client.addAuthInfo('digest', Buffer.from(`${settings.username}:${settings.password ?? ''}`))
  }
  let isOver = false
  const leaveAlone = insistOnConnection(client, settings.timeout / attempts)
  const abandon = (): void => {
    isOver = true
    leaveAlone()
    client.connectionManager.setState(closing)
    client.connectionManager.socket?.destroy()
  }
  client.on('connected', changed)
  for (const end of ['expired', 'authenticationFailed'])
    client.on(end, () => {
      isOver = true
      changed()
    })
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      abandon()
      reject(
        new RalphError('REGISTRY_UNREACHABLE', `${place} was not reached within ${settings.timeout} ms`, {
          setting: 'RALPH_REGISTRY__TIMEOUT'
        })
      )
    }, settings.timeout)
    client.once('connected', () => {
      clearTimeout(timer)
      resolve()
    })
    client.connect()
  })
  return {
    timeout: () => client.getSessionTimeout(),
    id: () => client.getSessionId().toString('hex'),
    isOver: () => isOver,
    ask: (run) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          // A server that hangs is let go of; the next request begins anew.
          abandon()
          changed()
          reject(new RalphError('REGISTRY_UNREACHABLE', `${place} does not answer`, {}))
        }, settings.requestTimeout)
        run(client, (error, answer) => {
          clearTimeout(timer)
          if (error === null || error === undefined) resolve(answer)
          else reject(asRalphError(error, place))
        })
      }),
    close: async (patience = 0) => {
      if (isOver) return
      if (patience > 0 && client.getState().getName() === 'DISCONNECTED') await connectionOrEnd(client, patience)
      if (isOver) return
      isOver = true
      const { socket } = client.connectionManager
      const closed = new Promise<void>((resolve) => {
        if (socket === undefined || socket.destroyed) resolve()
        else socket.once('close', () => resolve())
        setTimeout(resolve, farewell).unref()
      })
      client.close()
      await closed
      abandon()
    },
    abandon
  }
}
