import type { Log } from '../../contracts/log.ts'
import type { PartStatus, RunningPart } from '../../contracts/part.ts'
import { messageOf } from '../../errors.ts'

/** Milliseconds. Clients may ask as often as they like. The store, or another part, is asked at most once in this time. */
const freshFor = 1000

/** The status of one thing. Callers that ask at about the same time share one question. Every change is logged. */
export const shareStatus = <Status extends PartStatus>(
  askFor: () => Promise<Status>,
  called: string,
  log: Log
): (() => Promise<Status | PartStatus>) => {
  let asking: Promise<Status | PartStatus> | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  let known: Status | PartStatus = { state: 'ok' }

  const tell = (found: Status | PartStatus): void => {
    if (found.state === 'ok' && known.state !== 'ok') log.info(`${called} works again`)
    if (found.state !== 'ok' && (known.state === 'ok' || known.detail !== found.detail)) {
      log.warn(`${called} has a problem (${found.state}): ${found.detail}`)
    }
    known = found
  }

  const ask = async (): Promise<Status | PartStatus> => {
    askedAt = performance.now()
    try {
      const found = await askFor().catch((error: unknown): PartStatus => ({ state: 'error', detail: messageOf(error) }))
      tell(found)
      return found
    } finally {
      asking = undefined
    }
  }

  return () => {
    if (asking === undefined && performance.now() - askedAt < freshFor) return Promise.resolve(known)
    asking ??= ask()
    return asking
  }
}

export interface NamedStatus {
  readonly name: string
  readonly status: PartStatus
}

/** The status of the store, under the name `database`, and then of every other part that runs. */
export const shareHealth = (
  statusOfStore: () => Promise<PartStatus>,
  running: () => ReadonlyMap<string, RunningPart>,
  log: Log
): (() => Promise<readonly NamedStatus[]>) => {
  const database = 'database'
  const shared = new WeakMap<RunningPart, () => Promise<PartStatus>>()
  const statusOf = (name: string, part: RunningPart): Promise<PartStatus> => {
    const ask = shared.get(part) ?? shareStatus(() => part.health(), `The part ${name}`, log)
    shared.set(part, ask)
    return ask()
  }
  return () => {
    const others = [...running()].filter(([name]) => name !== database)
    return Promise.all([
      statusOfStore().then((status) => ({ name: database, status })),
      ...others.map(async ([name, part]) => ({ name, status: await statusOf(name, part) }))
    ])
  }
}
