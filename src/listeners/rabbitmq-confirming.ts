import type { ChannelModel, ConfirmChannel } from 'amqplib'
import type { Log } from '../contracts/log.ts'
import { messageOf } from '../errors.ts'
import { type Broker, connectTo } from './rabbitmq-broker.ts'

/** A channel on which the broker says of each message that it keeps it, on a connection of its own. */
export interface Confirming {
  readonly connection: ChannelModel
  readonly channel: ConfirmChannel
}

export interface ConfirmingOptions {
  /** What the broker shows of the connection. */
  readonly name: string
  /** Runs on each new connection before its channel is opened. */
  readonly prepare?: (connection: ChannelModel) => Promise<void>
  readonly log: Log
}

/** The channel is opened when it is needed, and opened again after it broke. */
export const createConfirming = (broker: Broker, { name, prepare, log }: ConfirmingOptions) => {
  let opening: Promise<Confirming> | undefined

  const open = async (forget: () => void): Promise<Confirming> => {
    const connection = await connectTo(broker, name)
    connection.on('error', (error: unknown) => log.debug(messageOf(error)))
    connection.on('close', forget)
    connection.on('blocked', (reason: string) => log.warn(`${broker.shown} takes no messages now: ${reason}`))
    await prepare?.(connection)
    const channel = await connection.createConfirmChannel()
    channel.on('error', (error: unknown) => {
      log.debug(messageOf(error))
      forget()
      connection.close().catch(() => {})
    })
    return { connection, channel }
  }

  return {
    opened: async (): Promise<Confirming> => {
      if (opening === undefined) {
        // A connection that ends late does not forget the one that has replaced it.
        const mine: Promise<Confirming> = open(() => {
          if (opening === mine) opening = undefined
        })
        opening = mine
      }
      const current = opening
      try {
        return await current
      } catch (error) {
        if (opening === current) opening = undefined
        throw error
      }
    },
    close: async (): Promise<void> => {
      const last = await opening?.catch(() => undefined)
      await last?.connection.close().catch((error: unknown) => log.debug(messageOf(error)))
    }
  }
}
