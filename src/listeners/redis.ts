import type { ConfigBlock } from '../contracts/listeners.ts'
import type { Log } from '../contracts/log.ts'
import { messageOf, RalphError } from '../errors.ts'
import { booleanAt, isBlock, numberAt, optionalTextAt, textAt } from './values.ts'

export interface Metadata {
  fetch(reference: string): Promise<ConfigBlock>
  close(): Promise<void>
}

/** Milliseconds for a connection to be made, and for an answer. */
const patience = 5000

/** The metadata store `redis` of document 002: the value of a key is the JSON of an object, or a hash. */
export const openRedis = async (config: ConfigBlock, place: string, log: Log): Promise<Metadata> => {
  const host = textAt(config, 'host', place, 'localhost')
  const port = numberAt(config, 'port', place, { byDefault: 6379, least: 1 })
  const url = optionalTextAt(config, 'url', place)
  const username = optionalTextAt(config, 'username', place)
  const password = optionalTextAt(config, 'password', place)
  const tls = booleanAt(config, 'tls', place, false)
  const database = numberAt(config, 'db', place, { byDefault: 0 })
  const shown = url?.replace(/\/\/[^@/]*@/, '//') ?? `redis at ${host}:${port}`
  const { createClient } = await import('@redis/client')

  const connect = async () => {
    const socket = { host, port, connectTimeout: patience, reconnectStrategy: false } as const
    const client = createClient({
      ...(url === undefined
        ? { socket: tls ? { ...socket, tls: true } : socket, database }
        : { url, socket: { connectTimeout: patience, reconnectStrategy: false } }),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      commandOptions: { timeout: patience }
    })
    const forget = (): void => {
      connecting = undefined
    }
    client.on('error', (error: unknown) => {
      log.debug(`${shown}: ${messageOf(error)}`)
      forget()
    })
    client.on('end', forget)
    await client.connect()
    return client
  }
  let connecting: ReturnType<typeof connect> | undefined

  const fetch = async (reference: string): Promise<ConfigBlock> => {
    let text: string | null
    try {
      connecting ??= connect()
      const client = await connecting
      if ((await client.type(reference)) === 'hash') return { ...(await client.hGetAll(reference)) }
      text = await client.get(reference)
    } catch (error) {
      connecting = undefined
      throw new RalphError('STORE_UNAVAILABLE', `${shown}: ${messageOf(error)}`, {}, { cause: error })
    }
    if (text === null || text === '') throw new RalphError('NOT_FOUND', `${shown} has no metadata at ${reference}`)
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch (error) {
      throw new RalphError('INVALID_INPUT', `${shown}: ${reference} is not valid JSON: ${messageOf(error)}`)
    }
    if (isBlock(parsed)) return parsed
    throw new RalphError('INVALID_INPUT', `${shown}: ${reference} is not a JSON object`)
  }

  return {
    fetch,
    close: async () => {
      const client = await connecting?.catch(() => undefined)
      client?.destroy()
    }
  }
}
