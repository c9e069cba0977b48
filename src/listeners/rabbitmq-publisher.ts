import { randomUUID } from 'node:crypto'
import type { ChannelModel, ConfirmChannel, ConsumeMessage, Options } from 'amqplib'
import type { ConfigBlock, DeadLetter } from '../contracts/listeners.ts'
import type { Log } from '../contracts/log.ts'
import { type Broker, ensureExchange, ensureQueue } from './rabbitmq-broker.ts'
import { createConfirming } from './rabbitmq-confirming.ts'
import { textAt } from './values.ts'

export interface PublisherOptions {
  /** The queue that delayed messages come back to. */
  readonly queue: string
  readonly deadLetters: { readonly block: ConfigBlock; readonly place: string }
  readonly log: Log
}

/** Sends messages on, and waits until the broker keeps them. */
export interface Publisher {
  /** Delivers a message again after so many milliseconds. */
  delay(message: ConsumeMessage, milliseconds: number, headers: Readonly<Record<string, unknown>>): Promise<void>
  sendDeadLetter(message: ConsumeMessage, letter: DeadLetter): Promise<void>
  close(): Promise<void>
}

/** In characters: a header has at most 64 KiB with all others. */
const longestReason = 2000

/** Resolves when the broker keeps it; rejects when it has no queue for it, or loses the connection before. */
const publish = (
  channel: ConfirmChannel,
  to: { readonly exchange: string; readonly key: string },
  { content, properties }: ConsumeMessage,
  headers: Readonly<Record<string, unknown>>
): Promise<void> =>
  new Promise((resolve, reject) => {
    const messageId = randomUUID()
    const onReturn = (returned: { readonly properties: { readonly messageId?: unknown } }): void => {
      if (returned.properties.messageId === messageId) settle(new Error(`no queue of ${to.exchange} takes ${to.key}`))
    }
    const onClose = (): void => settle(new Error('the connection broke while a message was sent on'))
    const settle = (error?: unknown): void => {
      channel.off('return', onReturn)
      channel.off('close', onClose)
      if (error === undefined || error === null) resolve()
      else reject(error instanceof Error ? error : new Error(String(error)))
    }
    channel.on('return', onReturn)
    channel.on('close', onClose)
    const options: Options.Publish = {
      contentType: properties.contentType,
      persistent: true,
      mandatory: true,
      messageId
    }
    channel.publish(to.exchange, to.key, content, { ...options, headers: { ...headers } }, settle)
  })

/**
 * By a connection of its own: a broker that is short of memory reads nothing more from connections that publish, and then
 * no acknowledgement either.
 */
export const createPublisher = (broker: Broker, { queue, deadLetters, log }: PublisherOptions): Publisher => {
  const { block, place } = deadLetters
  const exchange = textAt(block, 'exchange', place, 'DLQ')
  const exchangeType = textAt(block, 'exchange_type', place, 'topic')
  const routingKey = textAt(block, 'routing_key', place, 'message.sqapi')
  const deadQueue = textAt(block, 'queue', place, `${queue}.ralph.dead`)
  const confirming = createConfirming(broker, { name: 'ralph listen', log })
  /** What was declared on a connection. */
  const declared = new WeakMap<ChannelModel, Set<string>>()

  const once = async (name: string, declare: (connection: ChannelModel) => Promise<void>): Promise<ConfirmChannel> => {
    const { connection, channel } = await confirming.opened()
    const known = declared.get(connection) ?? new Set()
    declared.set(connection, known)
    if (!known.has(name)) {
      await declare(connection)
      known.add(name)
    }
    return channel
  }

  const delay: Publisher['delay'] = async (message, milliseconds, headers) => {
    const name = `${queue}.ralph.retry.${milliseconds}ms`
    const back = { 'x-message-ttl': milliseconds, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue }
    const channel = await once(name, (connection) =>
      ensureQueue(connection, name, [
        // From RabbitMQ 3.10 on a message is not lost between two queues either.
        {
          durable: true,
          arguments: {
            ...back,
            'x-queue-type': 'quorum',
            'x-dead-letter-strategy': 'at-least-once',
            'x-overflow': 'reject-publish'
          }
        },
        { durable: true, arguments: back }
      ])
    )
    await publish(channel, { exchange: '', key: name }, message, headers)
  }

  const sendDeadLetter: Publisher['sendDeadLetter'] = async (message, { handler, reason }) => {
    const channel = await once(deadQueue, async (connection) => {
      await ensureExchange(connection, exchange, exchangeType)
      await ensureQueue(connection, deadQueue, [{ durable: true }])
      const binding = await connection.createChannel()
      await binding.bindQueue(deadQueue, exchange, exchangeType === 'topic' ? `${routingKey}.#` : routingKey)
      await binding.close()
    })
    const key = handler === undefined || exchangeType !== 'topic' ? routingKey : `${routingKey}.${handler}`
    await publish(channel, { exchange, key }, message, {
      ...(handler === undefined ? {} : { 'x-ralph-handler': handler }),
      'x-ralph-reason': reason.slice(0, longestReason),
      'x-ralph-queue': queue
    })
  }

  return {
    delay,
    sendDeadLetter,
    close: confirming.close
  }
}
