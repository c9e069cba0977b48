import type { ChannelModel, Options } from 'amqplib'
import type { ConfigBlock } from '../contracts/listeners.ts'
import { booleanAt, numberAt, optionalTextAt, textAt } from './values.ts'

/** Where a broker is, and how it is entered. */
export interface Broker {
  readonly options: Options.Connect | string
  /** Without secrets. */
  readonly shown: string
}

/** A URL without user and password. */
export const shownUrl = (url: string): string => url.replace(/\/\/[^@/]*@/, '//')

export const brokerOf = (config: ConfigBlock, place: string): Broker => {
  const url = optionalTextAt(config, 'url', place)
  if (url !== undefined) return { options: url, shown: shownUrl(url) }
  const isSecure = booleanAt(config, 'tls', place, false)
  const hostname = textAt(config, 'host', place, 'localhost')
  const port = numberAt(config, 'port', place, { byDefault: isSecure ? 5671 : 5672, least: 1 })
  return {
    options: {
      protocol: isSecure ? 'amqps' : 'amqp',
      hostname,
      port,
      username: optionalTextAt(config, 'username', place) ?? textAt(config, 'user', place, 'guest'),
      password: textAt(config, 'password', place, 'guest'),
      vhost: textAt(config, 'vhost', place, '/'),
      // Seconds: a broker that is gone without a word is noticed in two of them.
      heartbeat: 20
    },
    shown: `rabbitmq at ${hostname}:${port}`
  }
}

/** Milliseconds for a connection to be made. */
const patience = 10_000

/** @param name what the broker shows of the connection */
export const connectTo = async ({ options }: Broker, name = 'ralph listen'): Promise<ChannelModel> => {
  const { connect } = await import('amqplib')
  return connect(options, { timeout: patience, clientProperties: { connection_name: name } })
}

/** The broker closes a channel on which something was refused: each question has one of its own. */
const isThere = async (
  connection: ChannelModel,
  ask: (channel: Awaited<ReturnType<ChannelModel['createChannel']>>) => Promise<unknown>
): Promise<boolean> => {
  const channel = await connection.createChannel()
  channel.on('error', () => {})
  try {
    await ask(channel)
    await channel.close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 404) return false
    throw error
  }
}

/** What is there keeps its arguments, whatever they are. */
export const ensureExchange = async (connection: ChannelModel, name: string, type: string): Promise<void> => {
  if (await isThere(connection, (channel) => channel.checkExchange(name))) return
  const channel = await connection.createChannel()
  channel.on('error', () => {})
  await channel.assertExchange(name, type, { durable: true })
  await channel.close()
}

/** As `ensureExchange`; a new one gets the first of the `candidates` that the broker knows. */
export const ensureQueue = async (
  connection: ChannelModel,
  name: string,
  candidates: readonly Options.AssertQueue[]
): Promise<void> => {
  if (await isThere(connection, (channel) => channel.checkQueue(name))) return
  for (const [index, options] of candidates.entries()) {
    const channel = await connection.createChannel()
    channel.on('error', () => {})
    try {
      await channel.assertQueue(name, options)
      await channel.close()
      return
    } catch (error) {
      if (index === candidates.length - 1) throw error
    }
  }
}
