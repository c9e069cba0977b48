import { randomUUID } from 'node:crypto'
import type { DocumentKey, DocumentStore, StoredDocument } from '../contracts/document-store.ts'
import type { Lock, LockOptions } from '../contracts/registry.ts'
import { findMachine, isRunning } from '../durability/this-machine.ts'
import { createLocks, type LockHold } from './lock.ts'
import { rest } from './watching.ts'

/** What the document of a lock says: who holds it, and how often the holder has said that it lives. */
interface Holder {
  readonly holder: string
  readonly beat: number
  readonly machine: string
  readonly pid: number
}

/** Milliseconds between two looks at a lock that somebody else holds. */
const interval = 500

const textOf = (document: Pick<StoredDocument, 'content'> | undefined): string =>
  document === undefined ? '' : Buffer.from(document.content).toString('utf8')

const holderIn = (text: string): Partial<Holder> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** Whether it is sure that the holder will never renew it: a process of this machine that is gone. */
const isGone = ({ machine, pid }: Partial<Holder>): boolean =>
  typeof pid === 'number' && machine !== '' && machine === findMachine() && !isRunning(pid)

/**
 * A lock that is a document of a store, so that all servers of the store share it. Clocks of other machines are not trusted: a holder is
 * dead if its document has not changed for the time to live, measured here.
 */
export const createDocumentLock = (documents: DocumentStore, key: DocumentKey, options: LockOptions = {}): Lock => {
  const name = key.id
  /** The document as it was seen first in this form, and when. */
  let seen = { text: '', at: 0 }

  const replace = async (expected: string, next: string | undefined): Promise<boolean> => {
    const content = next === undefined ? undefined : { content: Buffer.from(next), contentType: 'application/json' }
    const written = await documents.change(key, (present) => (textOf(present) === expected ? content : present))
    return textOf(written) === (next ?? '')
  }

  const holdOf = (own: Holder): LockHold => {
    let held = own
    return {
      renew: async () => {
        const next = { ...held, beat: held.beat + 1 }
        const renewed = await replace(JSON.stringify(held), JSON.stringify(next))
        if (renewed) held = next
        return renewed
      },
      release: async () => {
        await replace(JSON.stringify(held), undefined)
      }
    }
  }

  const take = async (_value: Uint8Array, ttl: number): Promise<LockHold | undefined> => {
    const text = textOf(await documents.get(key))
    if (text !== seen.text) seen = { text, at: performance.now() }
    const isFree = text === '' || performance.now() - seen.at >= ttl || isGone(holderIn(text))
    if (!isFree) return undefined
    const own: Holder = { holder: randomUUID(), beat: 0, machine: findMachine(), pid: process.pid }
    return (await replace(text, JSON.stringify(own))) ? holdOf(own) : undefined
  }

  return createLocks().newLock(name, { take, changed: (signal) => rest(interval, signal) }, options)
}
