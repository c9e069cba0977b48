import { hash } from 'node:crypto'
import type { DocumentKey, DocumentScope } from '../../contracts/document-store.ts'
import type { Token } from '../../storage/batching/tokens.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Space } from './names.ts'

/** An id of Elasticsearch has up to 512 bytes, so a key that may be longer is replaced with its digest. */
const digest = (...parts: readonly string[]): string => hash('sha256', JSON.stringify(parts), 'base64url')

/**
 * The keys of one target in the indices that all targets share. Keys in the index of relations begin like the id of a statement, or with n
 * or x. Keys in the other index begin with a letter for their kind.
 */
export interface Keys {
  readonly statement: (id: StatementId) => string
  /** The name of an Agent. */
  readonly name: (identifier: string, name: string) => string
  /** A document in the index of Python Ralph that is not a statement. */
  readonly refused: (id: string) => string
  readonly token: (token: Token) => string
  /** The token in such a key. */
  readonly tokenIn: (key: string) => Token
  /** The token of every statement, voided or not. */
  readonly every: string
  readonly everyRefused: string
  readonly namesOf: (identifier: string) => string
  readonly lease: string
  readonly definition: (iri: string) => string
  readonly display: (iri: string) => string
  readonly document: (key: DocumentKey) => string
  /** The term of all documents of a scope. Without registration: of all registrations. */
  readonly scope: (scope: DocumentScope) => string
  /** The term of all documents. */
  readonly everyDocument: string
  readonly attachment: (sha2: string, part: number) => string
  readonly part: (version: string, part: number) => string
}

const partsOf = (scope: DocumentScope): readonly string[] => {
  switch (scope.kind) {
    case 'state':
      return [scope.kind, scope.activity, scope.agent]
    case 'agent-profile':
      return [scope.kind, scope.agent]
    case 'activity-profile':
      return [scope.kind, scope.activity]
  }
}

const registrationOf = (scope: DocumentScope): readonly string[] =>
  scope.kind === 'state' && scope.registration !== undefined ? [scope.registration] : []

export const keysOf = ({ prefix }: Space): Keys => ({
  statement: (id) => `${prefix}${id}`,
  name: (identifier, name) => `${prefix}n${digest(identifier, name)}`,
  refused: (id) => `${prefix}x${digest(id)}`,
  token: (token) => `${prefix}${token}`,
  tokenIn: (key) => key.slice(prefix.length),
  every: `${prefix}*`,
  everyRefused: `${prefix}!`,
  namesOf: (identifier) => `${prefix}n${digest(identifier).slice(0, 21)}`,
  lease: `${prefix}lease`,
  definition: (iri) => `${prefix}d${digest(iri)}`,
  display: (iri) => `${prefix}v${digest(iri)}`,
  document: (key) => `${prefix}o${digest(...partsOf(key), JSON.stringify(registrationOf(key)), key.id)}`,
  scope: (scope) => `${prefix}s${digest(...partsOf(scope), ...registrationOf(scope))}`,
  everyDocument: `${prefix}*`,
  attachment: (sha2, part) => `${prefix}a${sha2}.${part}`,
  part: (version, part) => `${prefix}p${version}.${part}`
})
