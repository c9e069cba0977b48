import type { ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib'
import type { Log } from '../contracts/log.ts'
import { messageOf } from '../errors.ts'
import { pause } from '../network/retry.ts'
import { type Broker, connectTo } from './rabbitmq-broker.ts'

/** Milliseconds before a message that could not be kept is given back. */
const givenBackAfter = 1000

export interface RabbitSessionOptions {
  readonly broker: Broker
  readonly queue: string
  /** Messages that are here and not acknowledged, at most. */
  readonly prefetch: number
  declare(connection: ChannelModel): Promise<void>
  /** The message is acknowledged when it resolves, and given back when it rejects. */
  work(message: ConsumeMessage): Promise<void>
  readonly stopped: AbortSignal
  readonly log: Log
}

/** Works until the connection ends, which rejects, or until `stopped`: what is under way is then done to its end. */
export const runSession = async (options: RabbitSessionOptions): Promise<void> => {
  const { broker, queue, prefetch, declare, work, stopped, log } = options
  const connection = await connectTo(broker)
  const underWay = new Set<Promise<void>>()
  let ended: (reason: unknown) => void = () => {}
  const end = new Promise<unknown>((resolve) => {
    ended = resolve
  })
  let failure: unknown
  connection.on('error', (error: unknown) => {
    failure = error
  })
  connection.on('close', () => ended(failure ?? new Error('the broker has closed the connection')))
  const stop = (): void => ended(undefined)
  stopped.addEventListener('abort', stop, { once: true })

  const handle = async (channel: ConfirmChannel, message: ConsumeMessage): Promise<void> => {
    try {
      await work(message)
      channel.ack(message)
    } catch (error) {
      // It goes back to the queue with the connection.
      if (stopped.aborted) return
      log.warn(`a message is given back to ${queue}: ${messageOf(error)}`)
      await pause(givenBackAfter, stopped).catch(() => {})
      try {
        channel.nack(message, false, true)
      } catch (closed) {
        // With its channel it was given back already.
        log.debug(messageOf(closed))
      }
    }
  }

  try {
    await declare(connection)
    const channel = await connection.createConfirmChannel()
    channel.on('error', (error: unknown) => ended(error))
    await channel.prefetch(prefetch)
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message === null) return ended(new Error(`the queue ${queue} is gone`))
      if (stopped.aborted) return
      const task = handle(channel, message).finally(() => underWay.delete(task))
      underWay.add(task)
    })
    log.info(`listening to ${queue} at ${broker.shown}`)
    const reason = stopped.aborted ? undefined : await end
    if (reason !== undefined) throw reason
    await channel.cancel(consumerTag)
    await Promise.all(underWay)
    // The last acknowledgements could stay behind the end of the connection: the broker answers for them first.
    await channel.close()
  } finally {
    stopped.removeEventListener('abort', stop)
    await connection.close().catch((error: unknown) => log.debug(messageOf(error)))
    // What is not acknowledged is delivered again; it is not to be worked on twice at once.
    await Promise.all(underWay)
  }
}
