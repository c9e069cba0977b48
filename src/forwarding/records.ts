import type { DeadLetterPage, RefusedStatement } from '../contracts/forwardings.ts'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import { RalphError } from '../errors.ts'
import { isObject } from '../json/values.ts'
import type { Position } from '../xapi/filters.ts'
import { decodePosition, encodePosition } from '../xapi/position.ts'

/**
 * What a forwarding keeps: documents beside the statements. So they are as durable as the statements, and are copied and backed up with
 * them. Their scopes are not IRIs, so no request of a client can name them.
 */
export interface ForwardingRecords {
  /** The statement before which everything is done with. Undefined: not even the first one is. */
  position(): Promise<Position | undefined>
  /** Never goes back: a server that was held up cannot undo the work of the one that took over. */
  advance(position: Position): Promise<void>
  /** Adds a dead letter, or writes the new reason into it. Gives whether it is a new one. */
  refuse(letter: RefusedStatement): Promise<boolean>
  /** Their ids, in order. */
  deadIds(): Promise<readonly string[]>
  deadLetters(page: DeadLetterPage): Promise<readonly RefusedStatement[]>
  forget(id: string): Promise<void>
}

/** After each id: every statement with this `stored` lies before it. */
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

const isBefore = (one: Position, other: Position): boolean =>
  one.stored < other.stored || (one.stored === other.stored && one.id < other.id)

const textOf = (content: Uint8Array): string => Buffer.from(content).toString('utf8')

const unreadable = (what: string): RalphError =>
  new RalphError('STORE_CORRUPT', `${what} of a forwarding is not as Ralph wrote it`)

const letterIn = (content: Uint8Array, id: string): RefusedStatement => {
  const value: unknown = JSON.parse(textOf(content))
  if (!isObject(value) || typeof value.reason !== 'string' || typeof value.time !== 'string') {
    throw unreadable('a dead letter')
  }
  return { id, reason: value.reason, time: value.time }
}

/** @param begin where it begins when it has no position */
export const openRecords = (
  { documents, statements }: Pick<LrsStore, 'documents' | 'statements'>,
  name: string,
  begin: 'first' | 'now'
): ForwardingRecords => {
  const place = { kind: 'activity-profile', activity: 'forwarded', id: name } as const
  const dead = { kind: 'activity-profile', activity: `refused-by/${name}` } as const

  const write = async (position: Position): Promise<Position> => {
    const written = await documents.change(place, (present) =>
      present !== undefined && !isBefore(decodePosition(textOf(present.content)), position)
        ? present
        : { content: Buffer.from(encodePosition(position)), contentType: 'text/plain' }
    )
    if (written === undefined) throw unreadable('the position')
    return decodePosition(textOf(written.content))
  }

  return {
    position: async () => {
      const found = await documents.get(place)
      if (found !== undefined) return decodePosition(textOf(found.content))
      return begin === 'first' ? undefined : write({ stored: await statements.consistentThrough(), id: lastId })
    },
    advance: async (position) => {
      await write(position)
    },
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
