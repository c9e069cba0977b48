import type { Connection } from './connect.ts'

/** A meaningless blob that is written to find out whether its size can be written. */
export interface Scratch {
  fill(size: number): void
  clear(): void
}

/** It is stored among the attachments, under an impossible digest. One that a crash has left is overwritten. */
export const createScratch = (connection: Connection): Scratch => {
  const fill = connection.prepare("INSERT OR REPLACE INTO attachment (sha2, content) VALUES ('', zeroblob(?))")
  const clear = connection.prepare("DELETE FROM attachment WHERE sha2 = ''")
  return {
    fill: (size) => {
      fill.run(size)
    },
    clear: () => {
      clear.run()
    }
  }
}
