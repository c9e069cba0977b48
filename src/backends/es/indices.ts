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

/** The oldest version that is known to work. */
const oldest = [8, 1] as const

const errorIn = (status: number, body: unknown) => refusalOf(status, isObject(body) ? body.error : body)

/** Throws `INVALID_SETTING` when the server is too old or is not Elasticsearch. */
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

/** Undefined: there is no index with this name. */
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
    throw new RalphError('INVALID_SETTING', `${index} stands for several indices, ${names}: it must be one index`, {
      index
    })
  }
  const [, one] = first
  // The answer of the server.
  return isObject(one) && isObject(one.mappings) ? (one.mappings as Mapping) : {}
}

/** Another client may be creating the index now, or a server may have just started. Such an index answers a moment later. */
const whenStarted = async (connection: Connection, index: string): Promise<void> => {
  await connection.ask({
    method: 'GET',
    path: ['_cluster', 'health', index],
    // A new index counts as yellow before it has started.
    query: { wait_for_status: 'yellow', wait_for_active_shards: 1, timeout: '8s' },
    kind: 'read',
    // If the user may not ask this, or the wait is too long, a later request reports the problem.
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

/** Creates an index unless it exists. If a right is missing, the error says how to create the index. */
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
  const message = `Elasticsearch has no index ${index}, and does not let Ralph create it (${reason}): create it with ${how}`
  throw new RalphError('INVALID_SETTING', message, { index })
}

/** An index of Ralph. It is created when it is missing, and refused when its layout is another one. */
const ensureOwn = async (connection: Connection, index: string, definition: IndexDefinition): Promise<void> => {
  let mapping = await readMapping(connection, index)
  if (mapping === undefined) {
    await makeIndex(connection, index, definition, definition)
    mapping = await readMapping(connection, index)
  }
  const ralph = mapping?._meta?.ralph
  if (isObject(ralph) && ralph.layout === layout) return
  const found = isObject(ralph) ? `has layout ${ralph.layout}, not ${layout}` : 'was not created by Ralph'
  const message = `the index ${index} ${found}: create it with the mapping that Ralph needs: ${commandFor(connection, index, definition)}`
  throw new RalphError('INVALID_SETTING', message, { index })
}

export const ensureOwnIndices = async (connection: Connection, { relations, kept }: OwnIndices): Promise<void> => {
  await ensureOwn(connection, relations, relationIndex)
  await ensureOwn(connection, kept, keptIndex)
  await Promise.all([whenStarted(connection, relations), whenStarted(connection, kept)])
}

/** Creates an index for statements. Python Ralph uses it too. */
export const makeStatementIndex = (connection: Connection, index: string): Promise<void> =>
  makeIndex(connection, index, statementIndex)

/**
 * Returns whether the index for statements exists. An index that a bare PUT or Python Ralph created gets the missing parts of the mapping,
 * so that extensions of new statements do it no harm.
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
      `The mapping of the index ${index} cannot be changed (${reason}). Statements whose extensions contradict it are refused.`
    )
  }
  return true
}
