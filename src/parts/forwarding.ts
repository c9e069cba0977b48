import { networkInterfaces } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../contracts/clock.ts'
import type { Forwardings } from '../contracts/forwardings.ts'
import type { Log } from '../contracts/log.ts'
import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { Part, PartStatus } from '../contracts/part.ts'
import { RalphError } from '../errors.ts'
import type { Forwarding } from '../settings/forwardings.ts'
import type { ServerSettings } from '../settings/settings.ts'

export interface ForwardingPartOptions {
  readonly forwardings: readonly Forwarding[]
  readonly settings: Pick<ServerSettings, 'host' | 'port' | 'publicUrl'>
  readonly database: Part<LrsBackend>
  /** Whether other servers may have the same store open. */
  readonly isShared: boolean
  readonly clock: Clock
  readonly log: Log
  /** Of Ralph. */
  readonly version: string
}

/** Milliseconds: so long the end of a server waits for receivers that do not answer. */
const farewell = 3000
/** Milliseconds: so long `ralph doctor` waits for a receiver. */
const patience = 10_000

const ownAddresses = (): ReadonlySet<string> =>
  new Set([
    ...['localhost', '0.0.0.0', '[::]', '127.0.0.1', '[::1]'],
    ...Object.values(networkInterfaces()).flatMap((each = []) =>
      each.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address))
    )
  ])

const portOf = ({ port, protocol }: URL): number => (port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port))

/** Whether a URL leads to the very server that forwards. */
export const isThisServer = (url: URL, { host, port, publicUrl }: ForwardingPartOptions['settings']): boolean => {
  if (publicUrl !== undefined && `${url.origin}${url.pathname}`.startsWith(`${publicUrl}/xAPI/`)) return true
  if (portOf(url) !== port) return false
  const isEverywhere = host === '0.0.0.0' || host === '::'
  return url.hostname === host || url.hostname === `[${host}]` || (isEverywhere && ownAddresses().has(url.hostname))
}

const requireOthers = ({ forwardings, settings }: ForwardingPartOptions): void => {
  const own = forwardings.find(({ isActive, url }) => isActive && isThisServer(url, settings))
  if (own === undefined) return
  throw new RalphError(
    'INVALID_SETTING',
    `RALPH_XAPI_FORWARDINGS: ${own.name} would forward to this server itself: give it the URL of another one`
  )
}

/** Asks every receiver whether it would take statements. */
const checkReceivers = async (options: ForwardingPartOptions): Promise<PartStatus> => {
  requireOthers(options)
  const { createReceiver } = await import('../forwarding/receiver.ts')
  const active = options.forwardings.filter(({ isActive }) => isActive)
  const found = active.map(async (forwarding) => {
    const receiver = createReceiver({ forwarding: { ...forwarding, maxRetries: 0 }, version: options.version })
    const signal = AbortSignal.timeout(patience)
    const verdict = await receiver.probe(signal).catch(() => undefined)
    if (verdict?.kind === 'accepted') return []
    return [`${forwarding.name}: ${verdict?.reason ?? `${forwarding.place} does not answer`}`]
  })
  const problems = (await Promise.all(found)).flat()
  return problems.length === 0 ? { state: 'ok' } : { state: 'error', detail: problems.join('; ') }
}

/** Sends what the store keeps on to other LRSs, for as long as the server runs. */
export const forwardingPart = (options: ForwardingPartOptions): Part<Forwardings> => ({
  name: 'forwarding',
  start: async ({ use }) => {
    requireOthers(options)
    const { forwardings, database, isShared, clock, log, version } = options
    const [{ startForwardings, lockKeyOf }, { createDocumentLock }] = await Promise.all([
      import('../forwarding/index.ts'),
      import('../registry/document-lock.ts')
    ])
    const backend = use(database)
    const running = startForwardings({
      forwardings,
      storeOf: (target) => backend.store(target),
      lockOf: isShared ? ({ documents }, name) => createDocumentLock(documents, lockKeyOf(name)) : undefined,
      clock,
      log,
      version
    })
    for (const { isActive, name, place } of forwardings) {
      if (isActive) log.info(`Statements are forwarded to ${place} (${name})`)
    }
    // What is stored as soon as the server listens is not stored before `now`.
    await running.begun
    return {
      service: running,
      stop: async () => {
        await Promise.race([running.stop(farewell), wait(2 * farewell, undefined, { ref: false })])
      },
      health: async () => running.health()
    }
  },
  check: () => checkReceivers(options)
})
