import type { Connection } from './connect.ts'

/** A blob that means nothing, by which is found out whether so much can be written. */
export interface Scratch {
  fill(size: number): void
  clear(): void
}

/** It lies among the attachments, under a digest that none can have; one that a crash has left is overwritten. */
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
