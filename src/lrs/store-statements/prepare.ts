import type { IncomingStatement } from '../../contracts/statement-store.ts'
import { editValue, onOneLine, withoutMembers } from '../../json/exact.ts'
import { namedDigests } from '../../xapi/attachments.ts'
import {
  type Actor,
  type Context,
  contextActivityKinds,
  isSubStatement,
  normalId,
  type Statement,
  type StatementId
} from '../../xapi/statement.ts'
import { versionOfStatements } from '../../xapi/version.ts'
import type { Call } from '../call.ts'
import { mayGiveAuthority } from '../restriction.ts'
import type { Latest } from './long.ts'
import { writeTimestamps } from './timestamps.ts'
import type { ValidStatement } from './validate.ts'

/** The paths of contextActivities that were sent as a single Activity, for a context at `path`. */
const singles = (context: Context | undefined, path: readonly string[]): (readonly string[])[] => {
  const all = context?.contextActivities
  if (all === undefined) return []
  return contextActivityKinds
    .filter((kind) => all[kind] !== undefined && !Array.isArray(all[kind]))
    .map((kind) => [...path, 'context', 'contextActivities', kind])
}

/** "the LRS MUST return every value in contextActivities as an array" (Data §2.4.6.2), in SubStatements too. */
const contextActivitiesAsArrays = (text: string, statement: Statement): string => {
  const inside = isSubStatement(statement.object) ? singles(statement.object.context, ['object']) : []
  return [...singles(statement.context, []), ...inside].reduce(
    (edited, path) => editValue(edited, path, (value) => `[${value}]`),
    text
  )
}

/** The authority is the principal. A principal that may act for others may send another one (Data §2.4.9). */
const authorityOf = (statement: Statement, call: Call): Actor =>
  statement.authority !== undefined && mayGiveAuthority(call)
    ? statement.authority
    : { objectType: 'Agent', ...call.principal.agent }

const assigned = ['stored', 'authority'] as const

/** The digests that the statement names and no part brings. It has a fileUrl for them (`requireAttachments`). */
const withoutBytes = (statement: Statement, parts: ReadonlySet<string>): Pick<IncomingStatement, 'withoutBytes'> => {
  const missing = [...namedDigests(statement)].filter((sha2) => !parts.has(sha2))
  return missing.length === 0 ? {} : { withoutBytes: missing }
}

type Prepared = Pick<IncomingStatement, 'statement' | 'textAt'>

const prepare = (sent: ValidStatement, call: Call, id: StatementId): Prepared => {
  const { stored: _, ...sentParts } = sent.statement
  const authority = authorityOf(sentParts, call)
  const version = sentParts.version ?? versionOfStatements[call.version]

  const replaced = assigned.filter((key) => key in sent.statement && (key === 'stored' || sentParts[key] !== authority))
  const kept = replaced.length === 0 ? sent.text() : withoutMembers(sent.text(), new Set(replaced))
  const arrayed = contextActivitiesAsArrays(onOneLine(kept), sent.statement)
  const { text, statement } = writeTimestamps(arrayed, sentParts, call.version)

  const members = [text.slice(0, text.lastIndexOf('}'))]
  if (statement.id === undefined) members.push(`"id":${JSON.stringify(id)}`)
  if (statement.authority !== authority) members.push(`"authority":${JSON.stringify(authority)}`)
  if (statement.version === undefined) members.push(`"version":"${version}"`)
  const head = members.join(',')
  const hasTimestamp = statement.timestamp !== undefined

  return {
    statement: { ...statement, id, authority, version },
    textAt: (stored) => `${head},"stored":"${stored}"${hasTimestamp ? '' : `,"timestamp":"${stored}"`}}`
  }
}

/** At most one long statement of a request is kept in prepared form. */
export type LatestPrepared = Latest<ValidStatement, Prepared>

/**
 * Adds what the LRS sets (Data §2.4), to the text and to the parsed statement. All else stays as it was sent. `parts` are the digests of
 * the sent attachments. A long statement is parsed and prepared when the store needs it.
 */
export const prepareStatement = (
  sent: ValidStatement,
  call: Call,
  parts: ReadonlySet<string>,
  latest: LatestPrepared
): IncomingStatement => {
  const id = sent.statement.id ?? sent.idOfRequest ?? call.newId()
  const about = { id: normalId(id), ...withoutBytes(sent.statement, parts) }
  if (!sent.isLong) return { ...about, ...prepare(sent, call, id) }
  const prepared = (): Prepared =>
    // The text was validated.
    latest(sent, () => prepare({ ...sent, statement: JSON.parse(sent.text()) as Statement }, call, id))
  return {
    ...about,
    get statement() {
      return prepared().statement
    },
    textAt: (stored) => prepared().textAt(stored)
  }
}
