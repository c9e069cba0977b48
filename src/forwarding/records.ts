import type { DeadLetterPage, RefusedStatement } from '../contracts/forwardings.ts'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import { RalphError } from '../errors.ts'
import { isObject } from '../json/values.ts'
import { type DurablePosition, openDurablePosition } from './durable-position.ts'

/**
 * The data of a forwarding: documents in the store. So they are as durable as the statements, and are copied and backed up with
 * them. Their scopes are not IRIs, so no request of a client can name them.
 */
export interface ForwardingRecords {
  readonly position: DurablePosition
  /** Adds a dead letter, or updates its reason. Resolves with whether it is new. */
  refuse(letter: RefusedStatement): Promise<boolean>
  /** Their ids, in order. */
  deadIds(): Promise<readonly string[]>
  deadLetters(page: DeadLetterPage): Promise<readonly RefusedStatement[]>
  forget(id: string): Promise<void>
}

const letterIn = (content: Uint8Array, id: string): RefusedStatement => {
  const value: unknown = JSON.parse(Buffer.from(content).toString('utf8'))
  if (!isObject(value) || typeof value.reason !== 'string' || typeof value.time !== 'string') {
    throw new RalphError('STORE_CORRUPT', 'a dead letter of a forwarding is malformed')
  }
  return { id, reason: value.reason, time: value.time }
}

/** @param begin where to begin if there is no position */
export const openRecords = (
  store: Pick<LrsStore, 'documents' | 'statements'>,
  name: string,
  begin: 'first' | 'now'
): ForwardingRecords => {
  const { documents } = store
  const dead = { kind: 'activity-profile', activity: `refused-by/${name}` } as const

  return {
    position: openDurablePosition(store, { kind: 'activity-profile', activity: 'forwarded', id: name }, begin),
    refuse: async ({ id, reason, time }) => {
      const content = Buffer.from(JSON.stringify({ reason, time }))
      let isNew = false
      await documents.change({ ...dead, id }, (present) => {
        isNew = present === undefined
        return { content, contentType: 'application/json' }
      })
      return isNew
    },
    deadIds: () => documents.ids(dead),
    deadLetters: async ({ after, limit }) => {
      const ids = (await documents.ids(dead)).filter((id) => after === undefined || id > after.id).slice(0, limit)
      const letters: RefusedStatement[] = []
      for (const id of ids) {
        const found = await documents.get({ ...dead, id })
        if (found !== undefined) letters.push(letterIn(found.content, id))
      }
      return letters
    },
    forget: async (id) => {
      await documents.change({ ...dead, id }, () => undefined)
    }
  }
}
