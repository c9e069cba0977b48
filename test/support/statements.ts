import { createHash, randomUUID } from 'node:crypto'
import type { AttachmentContent, IncomingStatement, StatementBatch } from '../../src/contracts/statement-store.ts'
import {
  type Activity,
  type ActivityDefinition,
  type Agent,
  type Group,
  type InverseFunctionalIdentifier,
  normalId,
  type Statement,
  type StatementId,
  type StatementRef,
  type SubStatement,
  type Verb,
  voidedVerb
} from '../../src/xapi/statement.ts'

/** Random, so that no order of ids can pass for the order in which statements were stored. */
export const anId = (): StatementId => randomUUID()

export const withMbox = (name: string): Agent => ({ mbox: `mailto:${name}@example.org` })
export const withAccount = (name: string, homePage = 'https://school.example.org'): Agent => ({
  account: { homePage, name }
})
export const withSha1 = (name: string): Agent => ({
  mbox_sha1sum: createHash('sha1').update(`mailto:${name}@example.org`).digest('hex')
})
export const withOpenid = (name: string): Agent => ({ openid: `https://${name}.openid.example.org/` })

/** One Agent by each kind of identifier. */
export const everyKindOfAgent = (name: string): Readonly<Record<string, Agent>> => ({
  mbox: withMbox(name),
  account: withAccount(name),
  mbox_sha1sum: withSha1(name),
  openid: withOpenid(name)
})

export const anonymousGroup = (...member: Agent[]): Group => ({ objectType: 'Group', member })
export const identifiedGroup = (identifier: InverseFunctionalIdentifier, ...member: Agent[]): Group => ({
  objectType: 'Group',
  ...identifier,
  ...(member.length === 0 ? {} : { member })
})

export const anActivity = (name: string, definition?: ActivityDefinition): Activity => ({
  objectType: 'Activity',
  id: `https://course.example.org/${name}`,
  ...(definition === undefined ? {} : { definition })
})

export const aVerb = (name: string): Verb => ({ id: `https://verb.example.org/${name}` })

export const refTo = (target: Pick<Statement, 'id'> | StatementId): StatementRef => ({
  objectType: 'StatementRef',
  id: typeof target === 'string' ? target : idOf(target)
})

export const aSubStatement = (parts: Partial<SubStatement> = {}): SubStatement => ({
  objectType: 'SubStatement',
  actor: withMbox('somebody'),
  verb: aVerb('did'),
  object: anActivity('something'),
  ...parts
})

/** A statement as the LRS hands it to a store, about nobody and nothing in particular. */
export const aStatement = (parts: Partial<Statement> = {}): Statement & { readonly id: StatementId } => ({
  id: anId(),
  actor: withMbox('somebody'),
  verb: aVerb('did'),
  object: anActivity('something'),
  authority: { objectType: 'Agent', ...withAccount('lms') },
  timestamp: '2026-11-21T08:00:00.000Z',
  version: '1.0.3',
  ...parts
})

export const aVoiding = (target: Pick<Statement, 'id'> | StatementId, parts: Partial<Statement> = {}) =>
  aStatement({ verb: { id: voidedVerb }, object: refTo(target), ...parts })

export const idOf = ({ id }: Pick<Statement, 'id'>): StatementId => {
  if (id === undefined) throw new TypeError('a statement in a test must have an id')
  return normalId(id)
}

/** What the LRS makes of a statement; with `text`, that very text (on one line, without `stored`) is kept. */
export const incoming = (statement: Statement, text = JSON.stringify(statement)): IncomingStatement => ({
  id: idOf(statement),
  statement,
  textAt: (stored) =>
    `${text.slice(0, text.lastIndexOf('}'))},"stored":"${stored}"${statement.timestamp === undefined ? `,"timestamp":"${stored}"` : ''}}`
})

export const incomingText = (text: string): IncomingStatement => incoming(JSON.parse(text) as Statement, text)

export const aBatch = (...statements: Statement[]): StatementBatch => ({
  statements: statements.map((statement) => incoming(statement)),
  attachments: [],
  define: true
})

export const anAttachment = (content: Uint8Array): AttachmentContent => ({
  sha2: createHash('sha256').update(content).digest('hex'),
  content
})
