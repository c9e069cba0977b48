import { setTimeout } from 'node:timers/promises'
import type { MongoClient } from 'mongodb'

/** What the longest heartbeat may take more, in milliseconds, when this process is busy. */
const slack = 1000
/** Milliseconds between two attempts to connect. */
const interval = 500

/**
 * Connects the client anew when its driver has stopped asking for a server that it lost. The driver (7.9) may do so when all connections to a
 * server break at once, as in its restart: it sends the next heartbeat on a connection that is destroyed and does not know it yet, and waits
 * for ever. Until then no request would reach the server, although it is there. Returns a function that ends the watch.
 */
export const watchHeartbeats = (client: MongoClient): (() => void) => {
  const { heartbeatFrequencyMS, connectTimeoutMS } = client.options
  const patience = heartbeatFrequencyMS + (connectTimeoutMS || 30_000) + slack
  /** For each server that is lost. They are set anew by each heartbeat that ends. */
  const timers = new Map<string, NodeJS.Timeout>()
  let [isEnded, isConnecting] = [false, false]

  const connectAnew = async (): Promise<void> => {
    await client.close()
    while (!isEnded) {
      try {
        await client.connect()
        return
      } catch {
        // The server is away now. Whoever asks meanwhile is told so.
        await setTimeout(interval, undefined, { ref: false })
      }
    }
  }

  const forget = (address: string): void => {
    clearTimeout(timers.get(address))
    timers.delete(address)
  }
  const expect = (address: string): void => {
    forget(address)
    if (isEnded) return
    const timer = globalThis.setTimeout(() => {
      if (isConnecting) return
      isConnecting = true
      void connectAnew().finally(() => {
        isConnecting = false
      })
    }, patience)
    timers.set(address, timer.unref())
  }
  const renew = ({ connectionId }: { readonly connectionId: string }): void => {
    if (timers.has(connectionId)) expect(connectionId)
  }

  client.on('serverDescriptionChanged', ({ address, newDescription }) => {
    if (newDescription.type === 'Unknown') expect(address)
    else forget(address)
  })
  client.on('serverHeartbeatFailed', renew)
  client.on('serverHeartbeatSucceeded', renew)
  client.on('serverClosed', ({ address }) => forget(address))

  return () => {
    isEnded = true
    for (const address of [...timers.keys()]) forget(address)
  }
}
