import { RalphError } from '../../errors.ts'
import { isObject } from '../../json/values.ts'
import type { Connection } from './connect.ts'
import { refusalOf } from './errors.ts'
import {
  type IndexDefinition,
  keptIndex,
  layout,
  type Mapping,
  missingIn,
  relationIndex,
  statementIndex
} from './mappings.ts'
import type { OwnIndices } from './names.ts'

/** The oldest server that is known to serve. */
const oldest = [8, 1] as const

const errorIn = (status: number, body: unknown) => refusalOf(status, isObject(body) ? body.error : body)

/** `INVALID_SETTING` when what answers is too old, or no Elasticsearch. */
export const requireServer = async (connection: Connection): Promise<void> => {
  const { body } = await connection.ask({ method: 'GET', path: [], kind: 'read' })
  const version = isObject(body) && isObject(body.version) ? String(body.version.number) : 'unknown'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return
  throw new RalphError(
    'INVALID_SETTING',
    `Elasticsearch at ${connection.address} is version ${version}; Ralph needs ${oldest.join('.')} or later`
  )
}

/** Undefined: there is no index of this name. */
const readMapping = async (connection: Connection, index: string): Promise<Mapping | undefined> => {
  const { status, body } = await connection.ask({
    method: 'GET',
    path: [index, '_mapping'],
    kind: 'read',
    expect: [404]
  })
  if (status === 404 || !isObject(body)) return undefined
  const indices = Object.entries(body)
  const [first] = indices
  if (first === undefined) return undefined
  if (indices.length > 1) {
    const names = indices.map(([name]) => name).join(', ')
    throw new RalphError('INVALID_SETTING', `${index} stands for several indices, ${names}: it must be one`, { index })
  }
  const [, one] = first
  // As the server has it.
  return isObject(one) && isObject(one.mappings) ? (one.mappings as Mapping) : {}
}

/** One that somebody else makes now, or that a server that has just started finds again, can be asked a moment later. */
const whenStarted = async (connection: Connection, index: string): Promise<void> => {
  await connection.ask({
    method: 'GET',
    path: ['_cluster', 'health', index],
    // A new index is called yellow before it has started.
    query: { wait_for_status: 'yellow', wait_for_active_shards: 1, timeout: '8s' },
    kind: 'read',
    // Who may not ask, or waits too long, finds out when it matters.
    expect: [403, 408]
  })
}

const commandFor = ({ address }: Connection, index: string, definition?: IndexDefinition): string => {
  const [host = ''] = address.split(', ')
  const put = `curl -X PUT ${host}/${index}`
  return definition === undefined
    ? put
    : `${put} -H 'Content-Type: application/json' -d '${JSON.stringify(definition)}'`
}

/** Makes an index, unless it is there. An error that says how to make it if we may not. */
const makeIndex = async (
  connection: Connection,
  index: string,
  definition: IndexDefinition,
  shown?: IndexDefinition
): Promise<void> => {
  const { status, body } = await connection.ask({
    method: 'PUT',
    path: [index],
    body: definition,
    kind: 'prepare',
    expect: [400, 401, 403]
  })
  if (status < 400) return
  const { type, reason } = errorIn(status, body)
  if (type === 'resource_already_exists_exception') return whenStarted(connection, index)
  const how = commandFor(connection, index, shown)
  const message = `Elasticsearch has no index ${index}, and lets Ralph make none (${reason}): make it with ${how}`
  throw new RalphError('INVALID_SETTING', message, { index })
}

/** An index of ours; made when it is missing, and refused when it was made otherwise. */
const ensureOwn = async (connection: Connection, index: string, definition: IndexDefinition): Promise<void> => {
  let mapping = await readMapping(connection, index)
  if (mapping === undefined) {
    await makeIndex(connection, index, definition, definition)
    mapping = await readMapping(connection, index)
  }
  const ralph = mapping?._meta?.ralph
  if (isObject(ralph) && ralph.layout === layout) return
  const found = isObject(ralph) ? `has layout ${ralph.layout}, not ${layout}` : 'was not made by Ralph'
  const message = `the index ${index} ${found}: make it as Ralph wants it with ${commandFor(connection, index, definition)}`
  throw new RalphError('INVALID_SETTING', message, { index })
}

export const ensureOwnIndices = async (connection: Connection, { relations, kept }: OwnIndices): Promise<void> => {
  await ensureOwn(connection, relations, relationIndex)
  await ensureOwn(connection, kept, keptIndex)
  await Promise.all([whenStarted(connection, relations), whenStarted(connection, kept)])
}

/** Makes an index for statements. Python's Ralph works on it, too. */
export const makeStatementIndex = (connection: Connection, index: string): Promise<void> =>
  makeIndex(connection, index, statementIndex)

/**
 * Whether there is an index for statements. One that was made by a bare PUT, or that Ralph has filled, learns what it
 * needs so that extensions of new statements do it no harm.
 */
export const adaptStatementIndex = async (
  connection: Connection,
  index: string,
  warn: (message: string) => void
): Promise<boolean> => {
  const mapping = await readMapping(connection, index)
  if (mapping === undefined) return false
  await whenStarted(connection, index)
  const missing = missingIn(mapping, statementIndex.mappings)
  if (missing === undefined) return true
  const { status, body } = await connection.ask({
    method: 'PUT',
    path: [index, '_mapping'],
    body: missing,
    kind: 'prepare',
    expect: [400, 401, 403]
  })
  if (status >= 400) {
    const { reason } = errorIn(status, body)
    warn(
      `The mapping of the index ${index} stays as it is (${reason}): statements whose extensions contradict it are refused.`
    )
  }
  return true
}
