import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { installed } from './checkout.ts'

/**
 * A socket without a file: at most one process of the machine has it, and it is gone with that process, however that
 * ends. It is this checkout's and this user's.
 */
export const socketOf = (name: string): string => {
  const owner = createHash('sha256').update(`${process.getuid?.()} ${installed}`).digest('hex')
  return `\0ralph-engines-${owner.slice(0, 16)}-${name}`
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

/** Whether nobody else had it. */
export const take = async (server: Server, name: string): Promise<boolean> => {
  try {
    server.listen(socketOf(name))
    await once(server, 'listening')
    return true
  } catch (error) {
    if (isCode(error, 'EADDRINUSE')) return false
    throw error
  }
}

/** A connection to who has it; undefined if nobody has. */
export const visit = async (name: string): Promise<Socket | undefined> => {
  const socket = connect(socketOf(name))
  try {
    await once(socket, 'connect')
    return socket
  } catch (error) {
    if (isCode(error, 'ECONNREFUSED')) return undefined
    throw error
  }
}

/** Runs `work` while no other process of this checkout runs work of that name. */
export const alone = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const waiting = new Set<Socket>()
  const server = createServer((socket) => waiting.add(socket.on('error', () => socket.destroy())))
  while (!(await take(server, name))) {
    const holder = await visit(name)
    // It is closed when the holder is done, or dead.
    if (holder !== undefined) await once(holder.on('error', () => holder.destroy()).resume(), 'close')
  }
  try {
    return await work()
  } finally {
    for (const socket of waiting) socket.destroy()
    server.close()
  }
}
