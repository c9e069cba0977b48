import type { Log } from '../contracts/log.ts'
import { messageOf, RalphError } from '../errors.ts'
import { type Broker, ensureExchange, shownUrl } from './rabbitmq-broker.ts'
import { type Confirming, createConfirming } from './rabbitmq-confirming.ts'

export interface AnnouncerOptions {
  readonly url: string
  readonly exchange: string
  readonly exchangeType: string
  readonly routingKey: string
  readonly log: Log
}

export interface Announcement {
  /** Whoever gets a message twice knows it by this. */
  readonly id: string
  /** JSON. */
  readonly text: string
}

/** Publishes messages durably. */
export interface Announcer {
  /** Without secrets. */
  readonly place: string
  /** Calls `kept` for each message that the broker keeps; rejects when there is one that it does not. */
  send(messages: readonly Announcement[], kept: (index: number) => void): Promise<void>
  close(): Promise<void>
}

/** Milliseconds without a word of the broker; one that is short of memory says so, and takes nothing as long as it is. */
const patience = 30_000

/** Resolves when the broker has answered for each of them, in a queue or returned. */
const publishAll = (
  { connection, channel }: Confirming,
  { exchange, routingKey }: AnnouncerOptions,
  messages: readonly Announcement[],
  kept: (index: number) => void
): Promise<void> =>
  new Promise((resolve, reject) => {
    const returned = new Set<string>()
    let [waiting, refusals] = [messages.length, 0]
    let timer: NodeJS.Timeout | undefined
    const settle = (error?: Error): void => {
      clearTimeout(timer)
      channel.off('return', onReturn)
      channel.off('close', onClose)
      if (error === undefined) resolve()
      else reject(error)
    }
    const expectWord = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        settle(new RalphError('STORE_UNAVAILABLE', `it has confirmed nothing for ${patience / 1000} s`))
        // What it did get before is not known: the next connection begins anew.
        connection.close().catch(() => {})
      }, patience)
    }
    const onReturn = (message: { readonly properties: { readonly messageId?: unknown } }): void => {
      returned.add(String(message.properties.messageId))
    }
    const onClose = (): void => settle(new RalphError('STORE_UNAVAILABLE', 'the connection broke'))
    channel.on('return', onReturn)
    channel.on('close', onClose)
    expectWord()
    for (const [index, { id, text }] of messages.entries()) {
      const answered = (error: unknown): void => {
        expectWord()
        waiting -= 1
        // The broker returns a message before it confirms it.
        if ((error === null || error === undefined) && !returned.has(id)) kept(index)
        else refusals += 1
        if (waiting > 0) return
        const problem =
          returned.size > 0 ? `no queue takes what is published to ${exchange}` : `${refusals} messages were refused`
        settle(refusals > 0 ? new RalphError('STORE_UNAVAILABLE', problem) : undefined)
      }
      const options = { contentType: 'application/json', persistent: true, mandatory: true, messageId: id }
      try {
        channel.publish(exchange, routingKey, Buffer.from(text), options, answered)
      } catch (error) {
        // It is closed.
        return settle(new RalphError('STORE_UNAVAILABLE', messageOf(error)))
      }
    }
  })

/** The connection is made when it is needed, and made again after it broke. */
export const createAnnouncer = (options: AnnouncerOptions): Announcer => {
  const { url, exchange, exchangeType, log } = options
  const broker: Broker = { options: url, shown: shownUrl(url) }
  const confirming = createConfirming(broker, {
    name: 'ralph runserver',
    prepare: (connection) => ensureExchange(connection, exchange, exchangeType),
    log
  })

  return {
    place: broker.shown,
    send: async (messages, kept) => publishAll(await confirming.opened(), options, messages, kept),
    close: confirming.close
  }
}
