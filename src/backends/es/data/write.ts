import { setTimeout } from 'node:timers/promises'
import type {
  BatchReport,
  InputRecord,
  Rejected,
  WriteOperation,
  WriteOptions
} from '../../../contracts/data-backend.ts'
import { RalphError } from '../../../errors.ts'
import { sameJson } from '../../../xapi/same-json.ts'
import type { Json } from '../../../xapi/statement.ts'
import { type Connection, refusalIn } from '../connect.ts'
import { isBusy, type Refusal, refusalOf } from '../errors.ts'
import { type DocumentVersion, multiGet } from '../multi-get.ts'
import type { Refresh } from '../names.ts'
import { asError, asPlaceError } from './errors.ts'

/** Characters of one request: Elasticsearch refuses 100 MB, and holds what it works on in memory. */
const maxCharacters = 6_000_000

/** Waits before what Elasticsearch had no room for is sent again, in milliseconds. */
const pauses = [50, 200, 800, 2000, 5000, 10_000]

/** How often a record is looked up that others replace at the same time. */
const maxTurns = 10

interface Action {
  readonly record: InputRecord
  /** Undefined: Elasticsearch gives it one. */
  readonly id: string | undefined
  /** Its lines in the request. */
  readonly lines: string
}

interface Outcome {
  readonly action: Action
  readonly status: number
  readonly refusal: Refusal | undefined
}

interface BulkItem {
  readonly status: number
  readonly error?: unknown
}

const maxIdBytes = 512

/** What the record is kept under; a reason: it cannot be. */
const idOf = ({ value: { id } }: InputRecord): string | undefined | { readonly reason: string } => {
  if (id === undefined || id === null) return undefined
  if (typeof id !== 'string' && typeof id !== 'number') return { reason: 'has an id that is no text' }
  const text = String(id)
  if (text === '') return { reason: 'has an empty id' }
  return Buffer.byteLength(text) > maxIdBytes ? { reason: `has an id of more than ${maxIdBytes} bytes` } : text
}

const actionOf = (
  operation: WriteOperation,
  record: InputRecord,
  id: string | undefined,
  version?: DocumentVersion
): Action => {
  const header = {
    ...(id === undefined ? {} : { _id: id }),
    ...(version === undefined ? {} : { if_seq_no: version.seqNo, if_primary_term: version.term })
  }
  // What takes the place of something is indexed, whatever was there.
  const verb = operation === 'update' ? 'index' : operation
  const line = `{"${verb}":${JSON.stringify(header)}}\n`
  return { record, id, lines: operation === 'delete' ? line : `${line}${record.text}\n` }
}

/** In requests of a bearable size, in order. */
function* pieces(actions: readonly Action[]): Generator<readonly Action[]> {
  let start = 0
  let size = 0
  for (const [at, { lines }] of actions.entries()) {
    if (size + lines.length > maxCharacters && at > start) {
      yield actions.slice(start, at)
      start = at
      size = 0
    }
    size += lines.length
  }
  if (start < actions.length) yield start === 0 ? actions : actions.slice(start)
}

/** A batch into one index; all of it may be done again. */
export const writeBatch = async (
  connection: Connection,
  index: string,
  refresh: Refresh | undefined,
  batch: readonly InputRecord[],
  { operation, signal }: WriteOptions
): Promise<BatchReport> => {
  const rejected: Rejected[] = []
  let written = 0
  let already = 0

  const reject = (record: InputRecord, reason: string): void => {
    rejected.push({ record, reason })
  }

  const send = async (actions: readonly Action[]): Promise<Outcome[]> => {
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
    if (!errors && operation !== 'delete') {
      written += actions.length
      return []
    }
    return actions.map((action, at) => {
      const [item] = Object.values(items[at] ?? {})
      if (item === undefined) throw new RalphError('STORE_UNAVAILABLE', 'Elasticsearch did not answer for all records')
      return {
        action,
        status: item.status,
        refusal: item.error === undefined ? undefined : refusalOf(item.status, item.error)
      }
    })
  }

  /** What Elasticsearch has no room for is sent again after a while. Returns what collides with what is there. */
  const carryOut = async (all: readonly Action[]): Promise<Action[]> => {
    const collided: Action[] = []
    let next = all
    for (let attempt = 0; next.length > 0; attempt += 1) {
      const busy: Action[] = []
      for (const piece of pieces(next)) {
        for (const { action, status, refusal } of await send(piece)) {
          if (refusal === undefined) {
            if (operation === 'delete' && status === 404) already += 1
            else written += 1
          } else if (refusal.status === 409) collided.push(action)
          else if (isBusy(refusal)) {
            if (attempt === pauses.length) throw asError(refusal, connection.address)
            busy.push(action)
          } else judge(action.record, refusal)
        }
      }
      next = busy
      if (busy.length > 0) await setTimeout(pauses[attempt])
      signal?.throwIfAborted()
    }
    return collided
  }

  const judge = (record: InputRecord, refusal: Refusal): void => {
    const error = asPlaceError(refusal, connection.address)
    if (error !== undefined && error.code !== 'BODY_TOO_LARGE') throw error
    reject(record, `is refused by Elasticsearch: ${refusal.type} ${refusal.reason}`)
  }

  /** Whether what is there under their ids is equal. */
  const compare = async (actions: readonly Action[]): Promise<void> => {
    if (actions.length === 0) return
    const wanted = actions.map(({ id = '' }) => ({ index, id }))
    const got = await multiGet(connection, wanted, signal).catch((error: unknown) => {
      if (error instanceof RalphError || signal?.aborted) throw error
      throw new RalphError('STORE_UNAVAILABLE', `what is there cannot be compared: ${error}`, {}, { cause: error })
    })
    for (const [at, { record, id }] of actions.entries()) {
      const there = got[at]?.source?.toString()
      // Both were read from JSON.
      const isSame =
        there === record.text || (there !== undefined && sameJson(JSON.parse(there) as Json, record.value as Json))
      if (isSame) already += 1
      else reject(record, `is not created: another record has the id ${id}`)
    }
  }

  const versionsOf = async (ids: readonly string[]): Promise<ReadonlyMap<string, DocumentVersion>> => {
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

  const update = async (actions: readonly Action[]): Promise<void> => {
    let next = actions
    for (let turn = 0; next.length > 0; turn += 1) {
      const versions = await versionsOf(next.flatMap(({ id }) => id ?? []))
      const found: Action[] = []
      for (const { record, id = '' } of next) {
        const version = versions.get(id)
        if (version === undefined) reject(record, `is not updated: no record has the id ${id}`)
        else if (turn === maxTurns) reject(record, `is not updated: others keep replacing the record with the id ${id}`)
        else found.push(actionOf('update', record, id, version))
      }
      next = await carryOut(found)
    }
  }

  const actions: Action[] = []
  for (const record of batch) {
    const id = idOf(record)
    if (typeof id === 'object') reject(record, id.reason)
    else if (id === undefined && (operation === 'update' || operation === 'delete')) reject(record, 'has no id')
    else actions.push(actionOf(operation, record, id))
  }
  if (operation === 'update') await update(actions)
  else await compare(await carryOut(actions))
  return { written, already, rejected }
}
