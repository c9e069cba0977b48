import type { WebSocket } from 'ws'
import type { ClientOptions } from './client-options.ts'

export interface KeepAlive {
  start(): void
  /** No answer can be noticed while the socket is not read. */
  suspend(): void
  resume(): void
  stop(): void
}

/** Pings the other side, and calls `onSilence` when nothing comes back in time. */
export const keepAlive = (
  socket: WebSocket,
  { ping_interval, ping_timeout }: ClientOptions,
  onSilence: () => void
): KeepAlive => {
  let interval: NodeJS.Timeout | undefined
  let patience: NodeJS.Timeout | undefined
  let suspended = false

  const heard = (): void => {
    clearTimeout(patience)
    patience = undefined
  }
  const ask = (): void => {
    if (suspended || patience !== undefined) return
    socket.ping()
    if (Number.isFinite(ping_timeout)) patience = setTimeout(onSilence, ping_timeout * 1000)
  }

  return {
    start: () => {
      if (!Number.isFinite(ping_interval) || ping_interval === 0) return
      socket.on('pong', heard)
      socket.on('message', heard)
      interval = setInterval(ask, ping_interval * 1000)
    },
    suspend: () => {
      suspended = true
      heard()
    },
    resume: () => {
      suspended = false
    },
    stop: () => {
      clearInterval(interval)
      heard()
    }
  }
}
