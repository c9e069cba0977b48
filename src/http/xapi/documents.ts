import type { Scope } from '../../identity/principal.ts'
import {
  activityProfile,
  agentProfile,
  type DocumentChange,
  type DocumentKind,
  deleteDocuments,
  postDocument,
  putDocument,
  readDocuments,
  state
} from '../../lrs/documents.ts'
import { type Preconditions, readPreconditions } from '../../xapi/concurrency.ts'
import type { XapiRequest } from './request.ts'
import { type Answer, httpDate, jsonAnswer, type Resource } from './resource.ts'

const preconditionsOf = ({ header }: XapiRequest): Preconditions =>
  readPreconditions(header('if-match'), header('if-none-match'))

const changeOf = (request: XapiRequest): DocumentChange => ({
  document: { content: request.body, contentType: request.header('content-type') ?? 'application/octet-stream' },
  preconditions: preconditionsOf(request)
})

const done: Answer = { status: 204 }

/** In every scope only `registration` is optional. */
const scopeOf = ({ scope }: DocumentKind): readonly string[] =>
  scope.map((name) => (name === 'registration' ? name : `${name}!`))

/** The three document resources differ only in their scope (Communication §2.2). */
const documents = (
  path: string,
  summary: string,
  kind: DocumentKind,
  scopes: { readonly read: Scope; readonly write: Scope }
): Resource => ({
  path,
  parameters: `${kind.kind}-parameters`,
  summary,
  operations: {
    GET: {
      summary: `Read one document by \`${kind.id}\`, or the ids of all`,
      parameters: [...scopeOf(kind), kind.id, 'since'],
      scope: scopes.read,
      async answer(call, request) {
        const found = await readDocuments(kind, call, request.parameters)
        if ('ids' in found) return jsonAnswer(found.ids)
        const { content, contentType, etag, updated } = found.document
        return {
          status: 200,
          headers: { 'content-type': contentType, etag: `"${etag}"`, 'last-modified': httpDate(updated) },
          body: Buffer.from(content.buffer, content.byteOffset, content.byteLength)
        }
      }
    },
    PUT: {
      summary: 'Store or replace a document',
      parameters: [...scopeOf(kind), `${kind.id}!`],
      scope: scopes.write,
      async answer(call, request) {
        await putDocument(kind, call, request.parameters, changeOf(request))
        return done
      }
    },
    POST: {
      summary: 'Store a document, or merge a JSON object into the existing one',
      parameters: [...scopeOf(kind), `${kind.id}!`],
      scope: scopes.write,
      async answer(call, request) {
        await postDocument(kind, call, request.parameters, changeOf(request))
        return done
      }
    },
    DELETE: {
      summary: kind.kind === 'state' ? 'Remove a document, or all in the scope' : 'Remove a document',
      parameters: [...scopeOf(kind), kind.kind === 'state' ? kind.id : `${kind.id}!`],
      scope: scopes.write,
      async answer(call, request) {
        await deleteDocuments(kind, call, request.parameters, preconditionsOf(request))
        return done
      }
    }
  }
})

const profile = { read: 'profile/read', write: 'profile/write' } as const

export const documentResources: readonly Resource[] = [
  documents('/activities/state', 'State of an Agent in an Activity', state, {
    read: 'state/read',
    write: 'state/write'
  }),
  documents('/activities/profile', 'Profiles of an Activity', activityProfile, profile),
  documents('/agents/profile', 'Profiles of an Agent', agentProfile, profile)
]
