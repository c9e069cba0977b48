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
import { translating } from './errors.ts'

/** A database that answers. */
export interface OpenDatabase {
  readonly db: Db
  /** What the lease is read with: never what a primary that was replaced, and does not know it yet, still has. */
  readonly latest: ReadConcernLike | undefined
}

export interface Connection {
  /** Connects when it is not connected. `STORE_UNAVAILABLE` when no primary is in reach. */
  open(): Promise<OpenDatabase>
  /** For work that may take minutes: nothing here ends a request that takes long. */
  openPatient(): Promise<Db>
  close(): Promise<void>
}

/**
 * Milliseconds after which the server gives up a request by itself, whatever became of who asked. Who asks has given it
 * up long before, by TIMEOUT.
 */
export const timeLimits = { read: 600_000, write: 600_000 } as const

/** In milliseconds. A connection string that sets one of these is obeyed. */
const timeoutsOf = (timeout: number) => ({
  serverSelectionTimeoutMS: Math.min(3000, timeout),
  connectTimeoutMS: Math.min(3000, timeout),
  socketTimeoutMS: timeout,
  waitQueueTimeoutMS: Math.min(5000, timeout),
  heartbeatFrequencyMS: 5000,
  // The driver would wait anew for what it asks again. What only reads is asked again by the store.
  retryReads: false,
  retryWrites: false
})

const withoutThoseIn = (uri: string, options: MongoClientOptions): MongoClientOptions => {
  const set = new Set([...new URLSearchParams(uri.split('?')[1] ?? '').keys()].map((name) => name.toLowerCase()))
  return Object.fromEntries(Object.entries(options).filter(([name]) => !set.has(name.toLowerCase())))
}

const createClient = (uri: string, options: MongoClientOptions): MongoClient => {
  try {
    return new MongoClient(uri, { ...withoutThoseIn(uri, options), appName: 'ralph', ignoreUndefined: true })
  } catch (cause) {
    const reason = messageOf(cause)
    throw new RalphError('INVALID_SETTING', `the connection string of MongoDB is malformed: ${reason}`, {}, { cause })
  }
}

/**
 * Whatever the connection string says, reads go to the primary, and a write is acknowledged when a majority has it in
 * its journal: on a server that stands alone that is its own.
 */
const durably: DbOptions = { readPreference: 'primary', writeConcern: { w: 'majority', journal: true } }

export const createConnection = (uri: string, name: string, timeout = defaultTimeout): Connection => {
  const timeouts = timeoutsOf(timeout)
  const client = createClient(uri, timeouts)
  let patient: Promise<MongoClient> | undefined
  let opening: Promise<OpenDatabase> | undefined
  let isReplicated = false
  // What the driver learns when it greets a server: asking again would need a command that emulators lack.
  client.on('serverDescriptionChanged', ({ newDescription: { type } }) => {
    if (type !== 'Unknown') isReplicated = type !== 'Standalone'
  })

  const connect = async (): Promise<OpenDatabase> => {
    await client.connect()
    // A server that stands alone refuses these levels; whatever it has acknowledged, it has.
    const options: DbOptions = isReplicated ? { ...durably, readConcern: new ReadConcern('majority') } : durably
    return { db: client.db(name, options), latest: isReplicated ? { level: 'linearizable' } : undefined }
  }

  const connectPatient = async (): Promise<MongoClient> => {
    const own = createClient(uri, { ...timeouts, socketTimeoutMS: 0, maxPoolSize: 2 })
    await own.connect()
    return own
  }

  return {
    open: () => {
      opening ??= translating(connect).catch((error: unknown) => {
        opening = undefined
        throw error
      })
      return opening
    },
    openPatient: async () => {
      patient ??= translating(connectPatient).catch((error: unknown) => {
        patient = undefined
        throw error
      })
      return (await patient).db(name, durably)
    },
    close: async () => {
      await Promise.allSettled([client.close(), patient?.then((own) => own.close())])
    }
  }
}
