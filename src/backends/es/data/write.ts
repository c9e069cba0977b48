import { setTimeout } from 'node:timers/promises'
import type { InputRecord, WriteOptions } from '../../../contracts/data-backend.ts'
import { RalphError } from '../../../errors.ts'
import type { KeyedRecord, NotWritten, RecordContainer } from '../../../records/reconcile.ts'
import { groupsBySize } from '../../../xapi/groups.ts'
import { type Connection, refusalIn } from '../connect.ts'
import { isBusy, type Refusal, refusalOf } from '../errors.ts'
import { type DocumentVersion, multiGet } from '../multi-get.ts'
import type { Refresh } from '../names.ts'
import { asError, asPlaceError } from './errors.ts'

/** Characters of one request. Elasticsearch refuses requests of 100 MB, and holds a request in memory. */
const maxCharacters = 6_000_000

/** Waits in milliseconds before actions that Elasticsearch had no room for are sent again. */
const pauses = [50, 200, 800, 2000, 5000, 10_000]

/** How often a record is looked up again when others replace it at the same time. */
const maxTurns = 10

interface Action {
  readonly keyed: KeyedRecord
  /** The lines of the action in the request. */
  readonly lines: string
}

/** An action that was not carried out. Without a refusal: the document to be deleted does not exist. */
interface Failed {
  readonly action: Action
  readonly refusal: Refusal | undefined
}

interface BulkItem {
  readonly status: number
  readonly error?: unknown
}

type Refused = ReadonlyMap<KeyedRecord, NotWritten>

const maxIdBytes = 512

/** The record with its key. */
const keyOf = (record: InputRecord): KeyedRecord | string => {
  const { id } = record.value
  if (id === undefined || id === null) return { record, id: undefined }
  if (typeof id !== 'string' && typeof id !== 'number') return 'has an id that is no text'
  const text = String(id)
  if (text === '') return 'has an empty id'
  return Buffer.byteLength(text) > maxIdBytes ? `has an id of more than ${maxIdBytes} bytes` : { record, id: text }
}

const keyOfPresent = (record: InputRecord): KeyedRecord | string => {
  const keyed = keyOf(record)
  return typeof keyed === 'object' && keyed.id === undefined ? 'has no id' : keyed
}

const actionOf = (verb: 'create' | 'index' | 'delete', keyed: KeyedRecord, version?: DocumentVersion): Action => {
  const { record, id } = keyed
  const header = {
    ...(id === undefined ? {} : { _id: id }),
    ...(version === undefined ? {} : { if_seq_no: version.seqNo, if_primary_term: version.term })
  }
  const line = `{"${verb}":${JSON.stringify(header)}}\n`
  return { keyed, lines: verb === 'delete' ? line : `${line}${record.text}\n` }
}

/** An index that is written to. */
export interface WrittenIndex {
  readonly connection: Connection
  readonly index: string
  readonly refresh: Refresh | undefined
}

/** Every action that the answer does not name was carried out. */
const send = async (
  { connection, index, refresh }: WrittenIndex,
  actions: readonly Action[],
  { operation, signal }: WriteOptions
): Promise<Failed[]> => {
  const { status, bytes } = await connection.answer({
    method: 'POST',
    path: [index, '_bulk'],
    query: {
      timeout: '30s',
      filter_path: 'errors,items.*.status,items.*.error',
      ...(refresh === undefined ? {} : { refresh })
    },
    lines: actions.length === 1 ? (actions[0]?.lines ?? '') : actions.map(({ lines }) => lines).join(''),
    kind: 'prepare',
    signal
  })
  if (status >= 400) throw asError(refusalIn(status, bytes), connection.address, 'INVALID_INPUT')
  // The answer of Elasticsearch to a bulk request.
  const { errors, items } = JSON.parse(bytes.toString()) as {
    readonly errors: boolean
    readonly items: readonly { readonly [operation: string]: BulkItem }[]
  }
  if (!errors && operation !== 'delete') return []
  return actions.flatMap((action, at) => {
    const [item] = Object.values(items[at] ?? {})
    if (item === undefined) throw new RalphError('STORE_UNAVAILABLE', 'Elasticsearch did not answer for all records')
    const refusal = item.error === undefined ? undefined : refusalOf(item.status, item.error)
    return refusal === undefined && item.status !== 404 ? [] : [{ action, refusal }]
  })
}

/** The sources of the documents with which these actions collided. */
const sourcesOf = async (
  { connection, index }: WrittenIndex,
  actions: readonly Action[],
  signal: AbortSignal | undefined
): Promise<readonly (string | undefined)[]> => {
  if (actions.length === 0) return []
  const wanted = actions.map(({ keyed: { id = '' } }) => ({ index, id }))
  const got = await multiGet(connection, wanted, signal).catch((error: unknown) => {
    if (error instanceof RalphError || signal?.aborted) throw error
    throw new RalphError('STORE_UNAVAILABLE', `the existing records cannot be compared: ${error}`, {}, { cause: error })
  })
  return got.map(({ source }) => source?.toString())
}

/** The versions of the existing documents with these ids. */
const versionsOf = async (
  { connection, index }: WrittenIndex,
  ids: readonly string[],
  signal: AbortSignal | undefined
): Promise<ReadonlyMap<string, DocumentVersion>> => {
  const { status, bytes } = await connection.answer({
    method: 'POST',
    path: [index, '_mget'],
    query: { _source: false, filter_path: 'docs._id,docs._seq_no,docs._primary_term,docs.found' },
    body: { ids },
    kind: 'read',
    signal
  })
  if (status >= 400) throw asError(refusalIn(status, bytes), connection.address)
  // The answer of Elasticsearch.
  const { docs = [] } = JSON.parse(bytes.toString()) as {
    readonly docs?: readonly { _id: string; _seq_no: number; _primary_term: number; found?: boolean }[]
  }
  const there = docs.filter(({ found }) => found === true)
  return new Map(there.map(({ _id, _seq_no, _primary_term }) => [_id, { seqNo: _seq_no, term: _primary_term }]))
}

/** An index of records. */
export const recordContainer = (written: WrittenIndex, options: WriteOptions): RecordContainer<KeyedRecord> => {
  const { connection } = written
  const { operation, signal } = options

  const reasonOf = (refusal: Refusal): NotWritten => {
    const error = asPlaceError(refusal, connection.address)
    if (error !== undefined && error.code !== 'BODY_TOO_LARGE') throw error
    return { reason: `is refused by Elasticsearch: ${refusal.type} ${refusal.reason}` }
  }

  /** Actions that Elasticsearch has no room for are sent again after a while. Returns the actions that collide with existing documents. */
  const carryOut = async (all: readonly Action[], refused: Map<KeyedRecord, NotWritten>): Promise<Action[]> => {
    const collided: Action[] = []
    let next = all
    for (let attempt = 0; next.length > 0; attempt += 1) {
      const busy: Action[] = []
      for (const some of groupsBySize(next, ({ lines }) => lines.length, maxCharacters)) {
        for (const { action, refusal } of await send(written, some, options)) {
          if (refusal === undefined) refused.set(action.keyed, 'missing')
          else if (refusal.status === 409) collided.push(action)
          else if (!isBusy(refusal)) refused.set(action.keyed, reasonOf(refusal))
          else if (attempt < pauses.length) busy.push(action)
          else throw asError(refusal, connection.address)
        }
      }
      next = busy
      if (busy.length > 0) await setTimeout(pauses[attempt])
      signal?.throwIfAborted()
    }
    return collided
  }

  const create = async (records: readonly KeyedRecord[]): Promise<Refused> => {
    const refused = new Map<KeyedRecord, NotWritten>()
    const collided = await carryOut(
      records.map((each) => actionOf('create', each)),
      refused
    )
    const sources = await sourcesOf(written, collided, signal)
    for (const [at, { keyed }] of collided.entries()) refused.set(keyed, { there: [sources[at] ?? []].flat() })
    return refused
  }

  const update = async (records: readonly KeyedRecord[]): Promise<Refused> => {
    const refused = new Map<KeyedRecord, NotWritten>()
    let next = records
    for (let turn = 0; next.length > 0; turn += 1) {
      const versions = await versionsOf(
        written,
        next.flatMap(({ id }) => id ?? []),
        signal
      )
      const actions: Action[] = []
      for (const each of next) {
        const version = versions.get(each.id ?? '')
        if (version === undefined) refused.set(each, 'missing')
        else if (turn < maxTurns) actions.push(actionOf('index', each, version))
        else refused.set(each, { reason: `is not updated: others keep replacing the record with the id ${each.id}` })
      }
      next = (await carryOut(actions, refused)).map(({ keyed }) => keyed)
    }
    return refused
  }

  /** These operations compare nothing, so no record collides. */
  const carryOutAll = async (verb: 'index' | 'delete', records: readonly KeyedRecord[]): Promise<Refused> => {
    const refused = new Map<KeyedRecord, NotWritten>()
    await carryOut(
      records.map((each) => actionOf(verb, each)),
      refused
    )
    return refused
  }

  return {
    keyOf: operation === 'update' ? keyOfPresent : keyOf,
    create,
    replace: (records, orMake) => (orMake ? carryOutAll('index', records) : update(records)),
    removal: { keyOf: keyOfPresent, remove: (records) => carryOutAll('delete', records) }
  }
}
