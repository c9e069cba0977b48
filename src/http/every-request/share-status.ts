import type { Log } from '../../contracts/log.ts'
import type { BackendStatus, LrsBackend } from '../../contracts/lrs-backend.ts'

/** Anybody may ask, and as often as they like: the store is asked no more than once in so many milliseconds. */
const freshFor = 1000

/** How the store is, asked once for all who want to know at about the same time. The log hears of every change. */
export const shareStatus = (backend: LrsBackend, log: Log): (() => Promise<BackendStatus>) => {
  let asking: Promise<BackendStatus> | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  let known: BackendStatus = { state: 'ok' }

  const tell = (found: BackendStatus): void => {
    if (found.state === 'ok' && known.state !== 'ok') log.info('The store is well again')
    if (found.state !== 'ok' && (known.state === 'ok' || known.detail !== found.detail)) {
      log.warn(`The store is not well (${found.state}): ${found.detail}`)
    }
    known = found
  }

  const ask = async (): Promise<BackendStatus> => {
    askedAt = performance.now()
    try {
      const found = await backend.status()
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
