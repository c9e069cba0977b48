import { setTimeout as wait } from 'node:timers/promises'
import type { PartStatus, RunningPart } from '../../contracts/part.ts'
import { RalphError } from '../../errors.ts'
import type { HealthCheckRequest, HealthCheckResponse } from '../../protocol/messages.ts'
import { sendMessage } from '../send.ts'
import type { ServedMethod, ServiceContext } from './service.ts'

/** Milliseconds between two looks of `Watch`. */
const interval = 2000

type Serving = HealthCheckResponse['status']

/** Which parts must be well, besides the store. */
const services: ReadonlyMap<string, readonly string[]> = new Map([
  ['', []],
  ['ralph.v1.Statements', []],
  ['ralph.v1.Server', []],
  ['ralph.v1.Imports', ['imports']]
])

/** Milliseconds. Anybody may ask, as often as they like: a part is asked at most once in this time. */
const freshFor = 1000

interface Asked {
  readonly status: Promise<PartStatus>
  /** Undefined: it has not answered yet. */
  answered: number | undefined
}

const asked = new WeakMap<RunningPart, Asked>()

/** The status of a part. Callers that ask at about the same time share one question. */
const healthOf = (part: RunningPart): Promise<PartStatus> => {
  const last = asked.get(part)
  if (last !== undefined && (last.answered === undefined || performance.now() - last.answered < freshFor)) {
    return last.status
  }
  const asking: Asked = {
    status: part.health().finally(() => {
      asking.answered = performance.now()
    }),
    answered: undefined
  }
  asked.set(part, asking)
  return asking.status
}

/** Undefined: there is no such service. A part that is `degraded` does its work. */
const statusOf = async (service: string, { parts, stopping }: ServiceContext): Promise<Serving | undefined> => {
  const needed = services.get(service)
  if (needed === undefined) return undefined
  if (stopping.aborted) return 'NOT_SERVING'
  const running = parts()
  for (const name of ['database', ...needed]) {
    const part = running.get(name)
    const { state } = part === undefined ? { state: 'away' } : await healthOf(part)
    if (state === 'away' || state === 'error') return 'NOT_SERVING'
  }
  return 'SERVING'
}

export const check = (context: ServiceContext): ServedMethod<HealthCheckRequest, HealthCheckResponse> => ({
  kind: 'unary',
  run: async (_call, { service }) => {
    const status = await statusOf(service, context)
    if (status !== undefined) return { status }
    throw new RalphError('NOT_FOUND', `There is no service ${JSON.stringify(service)}.`, { service })
  }
})

export const watch = (context: ServiceContext): ServedMethod<HealthCheckRequest, HealthCheckResponse> => ({
  kind: 'serverStream',
  run: async (call, { service }, stream) => {
    const { stopping, settings } = context
    const signal = AbortSignal.any([call.signal, stopping])
    let told: Serving | undefined
    for (;;) {
      const status = (await statusOf(service, context)) ?? 'SERVICE_UNKNOWN'
      if (status !== told) await sendMessage(stream, { status }, call, settings.answerTimeout * 1000)
      told = status
      if (signal.aborted) return
      await wait(interval, undefined, { signal }).catch(() => {})
      if (call.signal.aborted) return
    }
  }
})
