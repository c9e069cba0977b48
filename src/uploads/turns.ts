import type { Lock, Locker } from '@tus/server'

/**
 * Only one request at a time works on an upload. If a client returns because its connection broke and the server has not noticed,
 * the new request asks the earlier one to end. The locker of the library would poll for this.
 */
export interface UploadTurns extends Locker {
  /** Undefined: a request is using it. */
  tryTaking(id: string): Lock | undefined
}

interface Held {
  readonly askToEnd: () => void
  readonly waiting: (() => void)[]
}

export const createTurns = (): UploadTurns => {
  const held = new Map<string, Held>()
  const release = (id: string): void => {
    const next = held.get(id)?.waiting.shift()
    if (next === undefined) held.delete(id)
    else next()
  }
  const take = (id: string, signal: AbortSignal, askToEnd: () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const earlier = held.get(id)
      if (earlier === undefined) {
        held.set(id, { askToEnd, waiting: [] })
        resolve()
        return
      }
      const turn = (): void => {
        signal.removeEventListener('abort', leave)
        held.set(id, { askToEnd, waiting: held.get(id)?.waiting ?? [] })
        resolve()
      }
      const leave = (): void => {
        const waiting = held.get(id)?.waiting ?? []
        waiting.splice(waiting.indexOf(turn), 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      earlier.waiting.push(turn)
      earlier.askToEnd()
    })
  const lockOf = (id: string): Lock => ({
    lock: (signal, askToEnd) => take(id, signal, () => void askToEnd()),
    unlock: async () => release(id)
  })
  return {
    newLock: lockOf,
    tryTaking: (id) => {
      if (held.has(id)) return undefined
      held.set(id, { askToEnd: () => {}, waiting: [] })
      return lockOf(id)
    }
  }
}
