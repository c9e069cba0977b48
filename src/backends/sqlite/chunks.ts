import type { Yielding } from '../../xapi/yielding.ts'
import type { Connection } from './connect.ts'

/**
 * Larger content is split into chunks of this many bytes. SQLite reads or writes a row in one step. A row of 60 MB would block every other
 * request for half a second, and would be in memory three times.
 */
export const chunkSize = 2 ** 17

export interface ChunkTable {
  /** Writes all chunks of `owner` in the open transaction. An owner is never used again. */
  add(owner: number, content: Uint8Array): Yielding<void>
  /** Runs in the open transaction. */
  remove(owner: number): Yielding<void>
  /** Undefined: the chunks were removed before the last one was read. */
  read(owner: number): Yielding<Uint8Array | undefined>
}

export const createChunkTable = (connection: Connection): ChunkTable => {
  const insert = connection.prepare('INSERT INTO part (owner, place, content) VALUES (?, ?, ?)')
  const removeLast = connection.prepare(
    'DELETE FROM part WHERE owner = ?1 AND place = (SELECT max(place) FROM part WHERE owner = ?1)'
  )
  const length = connection.prepare<[length: number | null]>(
    'SELECT sum(octet_length(content)) FROM part WHERE owner = ?'
  )
  const select = connection.prepare<[content: Uint8Array]>('SELECT content FROM part WHERE owner = ? AND place = ?')

  return {
    add: function* (owner, content) {
      for (let at = 0; at < content.byteLength; at += chunkSize) {
        insert.run(owner, at / chunkSize, content.subarray(at, at + chunkSize))
        yield
      }
    },
    remove: function* (owner) {
      while (removeLast.run(owner) > 0) yield
    },
    read: function* (owner) {
      const whole = Buffer.allocUnsafeSlow(length.get(owner)?.[0] ?? 0)
      let at = 0
      for (let place = 0; at < whole.length; place += 1) {
        const [content] = select.get(owner, place) ?? []
        if (content === undefined) return undefined
        whole.set(content, at)
        at += content.byteLength
        yield
      }
      return at === 0 ? undefined : whole
    }
  }
}
