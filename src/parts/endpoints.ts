import { connect } from 'node:net'
import type { Part, PartStatus } from '../contracts/part.ts'
import { messageOf } from '../errors.ts'
import type { HealthSettings } from '../settings/health.ts'

const probeTcp = ({ hostname, port }: URL, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port), signal }, resolve)
    socket.on('error', reject)
    socket.on('connect', () => socket.destroy())
  })

const probeHttp = async (url: URL, signal: AbortSignal): Promise<void> => {
  const answer = await fetch(url, { signal, redirect: 'manual' })
  await answer.body?.cancel()
  if (answer.status >= 500) throw new Error(`it answers ${answer.status}`)
}

/** Undefined: it answers. */
const trouble = async (endpoint: string, timeout: number): Promise<string | undefined> => {
  const url = new URL(endpoint)
  const signal = AbortSignal.timeout(timeout)
  try {
    await (url.protocol === 'tcp:' ? probeTcp(url, signal) : probeHttp(url, signal))
    return undefined
  } catch (error) {
    if (signal.aborted) return 'it does not answer in time'
    return messageOf(error instanceof Error && error.cause instanceof Error ? error.cause : error)
  }
}

/** Asks all endpoints at once. An answer of any kind but a fault of the server is enough. */
const probe = async ({ endpoints, required, timeout }: HealthSettings): Promise<PartStatus> => {
  const found = await Promise.all(endpoints.map(async (each) => ({ each, why: await trouble(each, timeout) })))
  const away = found.flatMap(({ each, why }, index) => (why === undefined ? [] : [{ each, why, number: index + 1 }]))
  if (away.length === 0) return { state: 'ok' }
  const detail = away.map(({ each, why }) => `${each} is away: ${why}`).join('; ')
  // Their names are for the operator alone.
  const hint = `of ${endpoints.length} endpoints number ${away.map(({ number }) => number).join(', ')} is away`
  return { state: required ? 'away' : 'degraded', detail, hint }
}

/** What the operator wants to be asked beside the store. */
export const endpointsPart = (settings: HealthSettings): Part<undefined> => ({
  name: 'endpoints',
  start: async () => ({ service: undefined, stop: async () => {}, health: () => probe(settings) }),
  check: () => probe(settings)
})
