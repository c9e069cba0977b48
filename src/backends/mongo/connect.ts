import { setTimeout } from 'node:timers/promises'
import {
  type Db,
  type DbOptions,
  MongoClient,
  type MongoClientOptions,
  ReadConcern,
  type ReadConcernLike
} from 'mongodb'
import { messageOf, RalphError } from '../../errors.ts'
import { defaultTimeout } from '../../network/time-limit.ts'
import { type Answers, createAnswers } from '../../storage/answered-within.ts'
import { isBroken, translating } from './errors.ts'
import { watchHeartbeats } from './watch-heartbeats.ts'

/** A database that answered. */
export interface OpenDatabase {
  readonly db: Db
  /** The read concern for the lease. It never returns the stale data of a primary that does not yet know that it was replaced. */
  readonly latest: ReadConcernLike | undefined
}

export interface Connection {
  readonly answers: Answers
  /** Connects unless it is connected. Throws `STORE_UNAVAILABLE` when no primary can be reached. */
  open(): Promise<OpenDatabase>
  /**
   * For a request that may take minutes: its connection has no time limit. It is given up when the server no longer answers a ping within
   * TIMEOUT. The request itself may go on in the server.
   */
  patiently<Result>(work: (db: Db) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

/**
 * Milliseconds after which the server ends a request by itself, even if the client is gone. The client has given up long before, after
 * TIMEOUT.
 */
export const timeLimits = { read: 600_000, write: 600_000 } as const

/** The most milliseconds that a timer takes. */
const longestTimer = 2 ** 31 - 1

/** The time limits, in milliseconds. A connection string that sets one of them wins. */
const timeoutsOf = (timeout: number) => ({
  serverSelectionTimeoutMS: Math.min(3000, timeout),
  connectTimeoutMS: Math.min(3000, timeout),
  socketTimeoutMS: timeout,
  waitQueueTimeoutMS: Math.min(5000, timeout),
  heartbeatFrequencyMS: 5000,
  // The driver would start a new wait for each retry. The store itself repeats what only reads.
  retryReads: false,
  retryWrites: false
})

const withoutThoseIn = (uri: string, options: MongoClientOptions): MongoClientOptions => {
  const set = new Set([...new URLSearchParams(uri.split('?')[1] ?? '').keys()].map((name) => name.toLowerCase()))
  return Object.fromEntries(Object.entries(options).filter(([name]) => !set.has(name.toLowerCase())))
}

/**
 * Calls `heard` when a request has been answered: its connection is then free again. The events for commands would say it more directly, but
 * with them the driver decodes each page of a cursor twice.
 */
const hearAnswers = (client: MongoClient, heard: () => void): void => {
  const returned = new Set<string>()
  client.on('connectionCheckedIn', ({ address, connectionId }) => {
    const connection = `${address} ${connectionId}`
    returned.add(connection)
    // If there was no answer, the driver closes the connection in the same turn.
    queueMicrotask(() => {
      if (returned.delete(connection)) heard()
    })
  })
  client.on('connectionClosed', ({ address, connectionId }) => returned.delete(`${address} ${connectionId}`))
}

const createClient = (uri: string, options: MongoClientOptions): MongoClient => {
  try {
    return new MongoClient(uri, {
      ...withoutThoseIn(uri, options),
      appName: 'ralph',
      ignoreUndefined: true
    })
  } catch (cause) {
    const reason = messageOf(cause)
    throw new RalphError('INVALID_SETTING', `the connection string of MongoDB is malformed: ${reason}`, {}, { cause })
  }
}

/**
 * These options win over the connection string. Reads go to the primary. A write is acknowledged when a majority has it in its journal. On
 * a standalone server that is its own journal.
 */
const durably: DbOptions = { readPreference: 'primary', writeConcern: { w: 'majority', journal: true } }

export const createConnection = (uri: string, name: string, timeout = defaultTimeout): Connection => {
  const timeouts = timeoutsOf(timeout)
  const client = createClient(uri, timeouts)
  // A connection string may give more time; 0 is no limit.
  const { socketTimeoutMS } = client.options
  const answers = createAnswers('MongoDB', Math.max(timeout, socketTimeoutMS || longestTimer))
  hearAnswers(client, answers.heard)
  const endWatch = watchHeartbeats(client)
  const patientClients = new Set<MongoClient>()
  let opening: Promise<OpenDatabase> | undefined
  let isReplicated = false
  // The driver learns this from the greeting of a server. A command that asks for it would fail on emulators.
  client.on('serverDescriptionChanged', ({ newDescription: { type } }) => {
    if (type !== 'Unknown') isReplicated = type !== 'Standalone'
  })

  const connect = async (): Promise<OpenDatabase> => {
    await client.connect()
    // A standalone server refuses these levels. It keeps whatever it has acknowledged.
    const options: DbOptions = isReplicated ? { ...durably, readConcern: new ReadConcern('majority') } : durably
    return { db: client.db(name, options), latest: isReplicated ? { level: 'linearizable' } : undefined }
  }

  const open = (): Promise<OpenDatabase> => {
    opening ??= translating(connect).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  /** Rejects when the server is silent, or after `isOver`. */
  const untilSilent = async (isOver: AbortSignal): Promise<never> => {
    const { db } = await open()
    const ping = (): Promise<unknown> => answers.within(() => translating(() => db.command({ ping: 1 })))
    for (;;) {
      // A connection that broke says nothing about the server.
      await ping().catch((error: unknown) => (isBroken(error) ? ping() : Promise.reject(error)))
      await setTimeout(timeout / 2, undefined, { signal: isOver })
    }
  }

  return {
    answers,
    open,
    patiently: async (work) => {
      const own = createClient(uri, { ...timeouts, socketTimeoutMS: 0, maxPoolSize: 2 })
      patientClients.add(own)
      const over = new AbortController()
      try {
        return await Promise.race([own.connect().then(() => work(own.db(name, durably))), untilSilent(over.signal)])
      } finally {
        over.abort()
        patientClients.delete(own)
        // A request whose answer nobody awaits ends with its connection.
        await own.close()
      }
    },
    close: async () => {
      endWatch()
      await Promise.allSettled([client.close(), ...[...patientClients].map((own) => own.close())])
    }
  }
}
