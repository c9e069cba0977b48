import { type Db, type IndexDescription, MongoServerError } from 'mongodb'
import { RalphError } from '../../errors.ts'
import { notThere } from '../../storage/not-there.ts'
import type { Connection } from './connect.ts'
import { isUnauthorized, translateError, translating } from './errors.ts'
import type { CollectionNames } from './names.ts'

/** The names of the indexes that queries name as hints. */
export const indexNames = { id: 'ralph_id', tokens: 'ralph_tokens', stored: 'ralph_stored' } as const

type Declared = IndexDescription & { readonly name: string }

/**
 * Every filter is one range of an index, and the index has the order of the answer already. In `ralph_stored`, the entries under null are
 * statements of Python Ralph that are not adopted yet.
 */
const declared: { readonly [collection in keyof CollectionNames]?: readonly Declared[] } = {
  statements: [
    { name: indexNames.id, key: { 'ralph.id': 1 }, unique: true, sparse: true },
    { name: indexNames.stored, key: { 'ralph.stored': 1, 'ralph.id': 1 } },
    { name: indexNames.tokens, key: { 'ralph.tokens': 1, 'ralph.stored': 1, 'ralph.id': 1 } },
    { name: 'ralph_target', key: { 'ralph.target': 1 }, sparse: true },
    { name: 'ralph_pending', key: { 'ralph.pending.at': 1 }, sparse: true }
  ],
  descriptions: [{ name: 'ralph_at', key: { at: 1 } }],
  names: [
    { name: 'ralph_identifier', key: { identifier: 1, stored: 1 } },
    { name: 'ralph_stored', key: { stored: 1 } }
  ],
  documents: [{ name: 'ralph_scope', key: { scope: 1, registration: 1, updated: 1, id: 1 } }]
}

const namespaceNotFound = 26

interface Present {
  readonly name?: unknown
  readonly key?: unknown
  readonly unique?: unknown
}

const listIndexes = async (db: Db, collection: string): Promise<readonly Present[]> => {
  try {
    return await db.collection(collection).listIndexes().toArray()
  } catch (error) {
    if (error instanceof MongoServerError && error.code === namespaceNotFound) return []
    throw error
  }
}

const isSame = (index: Declared, { name, key, unique }: Present): boolean =>
  name === index.name &&
  JSON.stringify(key) === JSON.stringify(index.key) &&
  (unique ?? false) === (index.unique ?? false)

interface Missing {
  readonly collection: string
  readonly indexes: readonly Declared[]
}

const missingIn = async (db: Db, names: CollectionNames): Promise<readonly Missing[]> => {
  const all = await Promise.all(
    Object.entries(declared).map(async ([room, indexes]) => {
      // The keys of `declared` are the keys of the names.
      const collection = names[room as keyof CollectionNames]
      const present = await listIndexes(db, collection)
      return { collection, indexes: indexes.filter((index) => !present.some((each) => isSame(index, each))) }
    })
  )
  return all.filter(({ indexes }) => indexes.length > 0)
}

/** The commands with which an administrator creates them in mongosh. */
const commandsFor = (database: string, missing: readonly Missing[]): string[] =>
  missing.flatMap(({ collection, indexes }) =>
    indexes.map(({ key, ...options }) => {
      const place = `db.getSiblingDB(${JSON.stringify(database)}).getCollection(${JSON.stringify(collection)})`
      return `${place}.createIndex(${JSON.stringify(key)}, ${JSON.stringify(options)})`
    })
  )

const refusal = (error: unknown, database: string, missing: readonly Missing[]): unknown => {
  const commands = commandsFor(database, missing)
  const details = { database, commands }
  if (isUnauthorized(error)) {
    const message = `indexes are missing, and the user may not create them: grant readWrite on ${database}, or run in mongosh: ${commands.join('; ')}`
    return new RalphError('STORE_UNAVAILABLE', message, details, { cause: error })
  }
  const translated = translateError(error)
  if (!(error instanceof MongoServerError) || translated !== error) return translated
  const message = `indexes cannot be created: ${error.message}. They must be exactly these: ${commands.join('; ')}`
  return new RalphError('STORE_UNAVAILABLE', message, details, { cause: error })
}

/** Throws `NOT_FOUND` when nobody has stored anything in the target. */
export const requireThere = async (connection: Connection, names: CollectionNames): Promise<void> => {
  const { db } = await connection.open()
  const wanted = new Set([names.statements, names.documents])
  const there = await translating(() => db.listCollections({}, { nameOnly: true }).toArray())
  if (there.some(({ name }) => wanted.has(name))) return
  throw notThere(`The collection ${names.statements} in the database ${db.databaseName} of MongoDB`)
}

/**
 * Creates the missing indexes of a target, and with them its collections. Another server may do the same at the same time. If a right is
 * missing, the message of `STORE_UNAVAILABLE` says what to do.
 */
export const prepareCollections = async (connection: Connection, names: CollectionNames): Promise<void> => {
  const { db } = await connection.open()
  const missing = await translating(() => missingIn(db, names))
  if (missing.length === 0) return
  // A collection that Python Ralph has filled takes time.
  try {
    await connection.patiently((patient) =>
      Promise.all(missing.map(({ collection, indexes }) => patient.collection(collection).createIndexes([...indexes])))
    )
  } catch (error) {
    throw refusal(error, db.databaseName, missing)
  }
}
