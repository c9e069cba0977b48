import type { ChannelModel, ConsumeMessage } from 'amqplib'
import type {
  ConfigBlock,
  ConnectorContext,
  Delivered,
  Listener,
  ProcessMessage,
  Verdict
} from '../contracts/listeners.ts'
import { messageOf } from '../errors.ts'
import { pause } from '../network/retry.ts'
import { brokerOf, ensureExchange, ensureQueue } from './rabbitmq-broker.ts'
import { createPublisher } from './rabbitmq-publisher.ts'
import { runSession } from './rabbitmq-session.ts'
import { blockAt, numberAt, textAt } from './values.ts'

/** Milliseconds before a connection is tried again. */
const reconnectPause = 3000

const attemptHeader = 'x-ralph-attempt'
const handlersHeader = 'x-ralph-handlers'
const failedHeader = 'x-ralph-failed'

const namesIn = (value: unknown): readonly string[] | undefined => {
  if (typeof value !== 'string' || value === '') return undefined
  try {
    const parsed: unknown = JSON.parse(value)
    return Array.isArray(parsed) ? parsed.filter((each) => typeof each === 'string') : undefined
  } catch {
    // Somebody else has set this header.
    return undefined
  }
}

const deliveredOf = ({ content, properties: { headers = {} } }: ConsumeMessage): Delivered => ({
  body: content,
  attempt: Math.max(1, Number(headers[attemptHeader] ?? 1) || 1),
  handlers: namesIn(headers[handlersHeader]),
  failed: namesIn(headers[failedHeader])
})

/**
 * The broker `rabbitmq` of document 002. A message is acknowledged when its row is durable and all handlers have ended,
 * and when the copy that is delivered later, or its dead letters, are kept by the broker.
 */
export const createRabbitListener = (
  config: ConfigBlock,
  place: string,
  { log, signal }: ConnectorContext
): Listener => {
  const broker = brokerOf(config, place)
  const queue = textAt(config, 'routing_key', place, 'q_sqapi')
  const exchange = textAt(config, 'exchange_name', place, 'x_sqapi')
  const exchangeType = textAt(config, 'exchange_type', place, 'fanout')
  const delay = numberAt(config, 'process_delay', place, { byDefault: 5 }) * 1000
  const prefetch = numberAt(config, 'prefetch', place, { byDefault: delay > 0 ? 1000 : 100, least: 1 })
  const publisher = createPublisher(broker, {
    queue,
    deadLetters: { block: blockAt(config, 'dlq', place), place: `${place}.dlq` },
    log
  })
  const closing = new AbortController()
  const stopped = AbortSignal.any([signal, closing.signal])
  const listening = new Set<Promise<void>>()

  const pass = async (message: ConsumeMessage, verdict: Verdict, { attempt = 1 }: Delivered): Promise<void> => {
    for (const letter of verdict.deadLetters) await publisher.sendDeadLetter(message, letter)
    if (verdict.retry === undefined) return
    const { seconds, handlers, failed } = verdict.retry
    await publisher.delay(message, seconds * 1000, {
      [attemptHeader]: attempt + 1,
      ...(handlers === undefined ? {} : { [handlersHeader]: JSON.stringify(handlers) }),
      ...(failed === undefined ? {} : { [failedHeader]: JSON.stringify(failed) })
    })
  }

  const listen = (
    from: string,
    declare: (connection: ChannelModel) => Promise<void>,
    callback: ProcessMessage
  ): Promise<void> => {
    const work = async (message: ConsumeMessage): Promise<void> => {
      const delivered = deliveredOf(message)
      if (delay > 0 && delivered.attempt === 1) await pause(delay, stopped)
      stopped.throwIfAborted()
      await pass(message, await callback(delivered), delivered)
    }
    const loop = async (): Promise<void> => {
      while (!stopped.aborted) {
        try {
          await runSession({ broker, queue: from, prefetch, declare, work, stopped, log })
        } catch (error) {
          if (!stopped.aborted) log.warn(`${broker.shown}: ${messageOf(error)}; trying again in 3 s`)
        }
        await pause(reconnectPause, stopped).catch(() => {})
      }
    }
    const running = loop()
    listening.add(running)
    return running
  }

  return {
    listen_exchange: (callback) =>
      listen(
        queue,
        async (connection) => {
          await ensureExchange(connection, exchange, exchangeType)
          await ensureQueue(connection, queue, [{ durable: true }])
          const channel = await connection.createChannel()
          await channel.bindQueue(queue, exchange, exchangeType === 'fanout' ? '' : queue)
          await channel.close()
        },
        callback
      ),
    listen_queue: (callback, routing_key = queue) =>
      listen(routing_key, (connection) => ensureQueue(connection, routing_key, [{ durable: true }]), callback),
    close: async () => {
      closing.abort()
      await Promise.all(listening)
      await publisher.close()
    }
  }
}
