import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../contracts/log.ts'
import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { Part, PartStatus } from '../contracts/part.ts'
import type { StoredStatement } from '../contracts/statement-store.ts'
import { messageOf } from '../errors.ts'
import { announceStatements, announcingLockKey } from '../forwarding/announce.ts'
import type { Announcement } from '../listeners/rabbitmq-announcer.ts'
import type { NotifySettings } from '../settings/notify.ts'

export interface AnnouncingOptions {
  readonly notify: NotifySettings
  readonly database: Part<LrsBackend>
  /** Whether other servers may have the same store open. */
  readonly isShared: boolean
  readonly log: Log
}

/** Milliseconds until a broker or a store that was away is tried again. */
const pause = 1000
/** Milliseconds: so long the end of a server waits for a broker that does not answer. */
const farewell = 2000
/** In characters: brokers take messages of 16 MiB and more. */
const longestStatement = 8 * 2 ** 20

/**
 * The message of document 002. The statement is in it as a text, every digit as it was sent. One that is too long for a
 * message is named only.
 */
const announcementOf = ({ id, text }: StoredStatement, target: string | undefined): Announcement => {
  const fits = text.length <= longestStatement
  const message = {
    uuid_ref: id,
    data_type: 'application/json',
    data_location: fits ? 'statement' : `/xAPI/statements?statementId=${id}`,
    meta_location: 'none',
    metadata: target === undefined ? {} : { target },
    ...(fits ? { statement: text } : {})
  }
  return { id: target === undefined ? id : `${target}/${id}`, text: JSON.stringify(message) }
}

/** Announces to a broker what the store keeps, for as long as the server runs. */
export const announcingPart = ({ notify, database, isShared, log }: AnnouncingOptions): Part => ({
  name: 'announcing',
  start: async ({ use }) => {
    const backend = use(database)
    const [{ createAnnouncer }, { createDocumentLock }] = await Promise.all([
      import('../listeners/rabbitmq-announcer.ts'),
      import('../registry/document-lock.ts')
    ])
    const announcer = createAnnouncer({ ...notify, log })
    const stopping = new AbortController()
    const { signal } = stopping
    const troubles = new Map<string, string>()

    /** `begun` is called when it is known where announcing begins, or that this is not known yet. */
    const announceTarget = async (target: string | undefined, begun: () => void): Promise<void> => {
      const name = target ?? ''
      const afterFailure = async (error: unknown): Promise<void> => {
        const detail = `Statements cannot be announced to ${announcer.place}: ${messageOf(error)}`
        if (troubles.get(name) !== detail && !signal.aborted) log.warn(detail)
        troubles.set(name, detail)
        begun()
        await wait(pause, undefined, { signal }).catch(() => {})
      }
      const announce = async (
        statements: readonly StoredStatement[],
        told: (statement: StoredStatement) => void
      ): Promise<void> => {
        const messages = statements.map((each) => announcementOf(each, target))
        await announcer.send(messages, (index) => {
          const statement = statements[index]
          if (statement !== undefined) told(statement)
        })
      }
      await announceStatements({
        storeOf: () => backend.store(target),
        lockOf: isShared
          ? ({ documents }) => createDocumentLock(documents, announcingLockKey(notify.exchange))
          : undefined,
        name: notify.exchange,
        begin: notify.begin,
        signal,
        announce,
        onProgress: () => {
          begun()
          if (troubles.delete(name)) log.info(`Statements are announced to ${announcer.place} again`)
        },
        afterFailure
      })
    }

    const targets = [undefined, ...notify.targets]
    log.info(`Statements are announced to ${notify.exchange} at ${announcer.place}`)
    const running: Promise<void>[] = []
    // What is stored as soon as the server listens is not stored before `now`.
    const beginning = targets.map((target) => new Promise<void>((begun) => running.push(announceTarget(target, begun))))
    await Promise.all(beginning)
    const announcing = Promise.all(running)
    return {
      service: undefined,
      stop: async () => {
        stopping.abort()
        await Promise.race([announcing, wait(farewell, undefined, { ref: false })])
        await Promise.race([announcer.close(), wait(farewell, undefined, { ref: false })])
      },
      health: async (): Promise<PartStatus> => {
        const [detail] = troubles.values()
        return detail === undefined
          ? { state: 'ok' }
          : { state: 'degraded', detail, hint: 'statements are announced later' }
      }
    }
  }
})
