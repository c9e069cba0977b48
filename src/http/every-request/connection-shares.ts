import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { sourceOf } from '../source.ts'

interface Held {
  readonly socket: Socket
  /** The request that is being answered over it. */
  request?: FastifyRequest | undefined
}

/** The connections of a server by source address, so that one source cannot keep the others out. */
export interface ConnectionShares {
  /** Counts the connection until it is closed. */
  add(socket: Socket): void
  count(): number
  began(request: FastifyRequest): void
  ended(request: FastifyRequest): void
  /**
   * A connection that may be closed for the new one. It is of the source with the most connections, if the source of the new one has less
   * than half as many. Undefined if all of them serve an authenticated user.
   */
  spareFor(socket: Socket): Socket | undefined
}

/** A connection that serves no authenticated user may be closed. */
const isSpare = ({ request }: Held): boolean => request === undefined
const isUnknown = ({ request }: Held): boolean => request?.principal === undefined

export const createConnectionShares = (): ConnectionShares => {
  const bySource = new Map<string, Set<Held>>()
  const held = new Map<Socket, Held>()
  /** A closed socket no longer has an address, so it is noted here. */
  const sources = new WeakMap<Socket, string>()

  const ofSource = (socket: Socket): Set<Held> => bySource.get(sources.get(socket) ?? '') ?? new Set()

  const largest = (): Set<Held> => {
    let most = new Set<Held>()
    for (const each of bySource.values()) if (each.size > most.size) most = each
    return most
  }

  return {
    add: (socket) => {
      const one: Held = { socket }
      const source = sourceOf(socket.remoteAddress)
      const others = bySource.get(source) ?? new Set()
      bySource.set(source, others.add(one))
      sources.set(socket, source)
      held.set(socket, one)
      socket.once('close', () => {
        held.delete(socket)
        others.delete(one)
        if (others.size === 0 && bySource.get(source) === others) bySource.delete(source)
      })
    },
    count: () => held.size,
    began: (request) => {
      const one = held.get(request.raw.socket)
      if (one !== undefined) one.request = request
    },
    ended: (request) => {
      const one = held.get(request.raw.socket)
      if (one?.request === request) one.request = undefined
    },
    spareFor: (socket) => {
      const most = largest()
      if (ofSource(socket).size * 2 >= most.size) return undefined
      const all = [...most].filter((each) => !each.socket.destroyed)
      return (all.find(isSpare) ?? all.find(isUnknown))?.socket
    }
  }
}
