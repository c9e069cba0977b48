import type {
  DocumentContent,
  DocumentKey,
  DocumentScope,
  PresentDocument,
  StoredDocument
} from '../contracts/document-store.ts'
import { RalphError } from '../errors.ts'
import { createQueue } from '../streams/one-at-a-time.ts'
import { checkPreconditions, type Preconditions } from '../xapi/concurrency.ts'
import { mergeDocuments, type ObjectDocument, readMergeable } from '../xapi/documents.ts'
import { identifierKey } from '../xapi/identifier.ts'
import type { Version } from '../xapi/version.ts'
import { atOnce } from '../xapi/yielding.ts'
import { requireDocumentsWithinBound } from './bound.ts'
import type { Call } from './call.ts'
import { agent, iri, optional, type Parameters, refuseUnknown, required, text, timestamp, uuid } from './parameters.ts'
import { runYielding } from './yielding.ts'

/** State, Agent Profile and Activity Profile are one resource with three kinds of scope (Communication §2.2). */
export interface DocumentKind {
  readonly kind: DocumentScope['kind']
  /** The parameter that names a document within its scope. */
  readonly id: 'stateId' | 'profileId'
  readonly scope: readonly string[]
  readScope(parameters: Parameters, version: Version): DocumentScope
}

const agentKey = (parameters: Parameters, version: Version): string =>
  identifierKey(required(parameters, 'agent', agent(version))) ?? ''

export const state: DocumentKind = {
  kind: 'state',
  id: 'stateId',
  scope: ['activityId', 'agent', 'registration'],
  readScope(parameters, version) {
    const registration = optional(parameters, 'registration', uuid)
    return {
      kind: 'state',
      activity: required(parameters, 'activityId', iri),
      agent: agentKey(parameters, version),
      ...(registration === undefined ? {} : { registration })
    }
  }
}

export const agentProfile: DocumentKind = {
  kind: 'agent-profile',
  id: 'profileId',
  scope: ['agent'],
  readScope: (parameters, version) => ({ kind: 'agent-profile', agent: agentKey(parameters, version) })
}

export const activityProfile: DocumentKind = {
  kind: 'activity-profile',
  id: 'profileId',
  scope: ['activityId'],
  readScope: (parameters) => ({ kind: 'activity-profile', activity: required(parameters, 'activityId', iri) })
}

const scopeIn = (kind: DocumentKind, call: Call, parameters: Parameters): DocumentScope => {
  const scope = kind.readScope(parameters, call.version)
  requireDocumentsWithinBound(call, scope)
  return scope
}

const readKey = (kind: DocumentKind, call: Call, parameters: Parameters): DocumentKey => {
  refuseUnknown(parameters, [...kind.scope, kind.id], call.rules)
  const scope = scopeIn(kind, call, parameters)
  return { ...scope, id: required(parameters, kind.id, text) }
}

export type DocumentsAnswer =
  | { readonly document: StoredDocument }
  /** The ids of the documents in the scope. */
  | { readonly ids: readonly string[] }

/** GET: one document by its id, or the ids in a scope. With `since`, those changed after it. */
export const readDocuments = async (
  kind: DocumentKind,
  call: Call,
  parameters: Parameters
): Promise<DocumentsAnswer> => {
  if (parameters.has(kind.id)) {
    const document = await call.store.documents.get(readKey(kind, call, parameters), call)
    if (document === undefined) throw new RalphError('NOT_FOUND', 'There is no such document.')
    return { document }
  }
  refuseUnknown(parameters, [...kind.scope, kind.id, 'since'], call.rules)
  const scope = scopeIn(kind, call, parameters)
  const since = optional(parameters, 'since', timestamp)
  return { ids: await call.store.documents.ids(scope, since, call) }
}

export interface DocumentChange {
  readonly document: DocumentContent
  readonly preconditions: Preconditions
}

/**
 * Refuses a PUT without If-Match and If-None-Match where one is needed (Communication §3.1). For an existing profile it is 409. For a new
 * profile 1.0.3 says 400. For State, 1.0.3 leaves it to the client; 2.0 treats it as an existing profile.
 */
const refuseBlindPut = (kind: DocumentKind, version: Version, present: StoredDocument | undefined): void => {
  if (kind.kind === 'state' && version === '1.0.3') return
  if (present !== undefined) {
    throw new RalphError(
      'DOCUMENT_CONFLICT',
      'The document exists. Read it, then send its ETag in If-Match to replace it, or If-None-Match: * to make a new one.'
    )
  }
  if (version === '1.0.3') {
    throw new RalphError('INVALID_HEADER', 'PUT of a profile needs If-Match or If-None-Match.')
  }
}

const isBlind = ({ ifMatch, ifNoneMatch }: Preconditions): boolean => ifMatch === undefined && ifNoneMatch === undefined

export const putDocument = async (
  kind: DocumentKind,
  call: Call,
  parameters: Parameters,
  { document, preconditions }: DocumentChange
): Promise<void> => {
  const key = readKey(kind, call, parameters)
  await call.store.documents.change(
    key,
    (present) => {
      checkPreconditions(preconditions, present)
      if (isBlind(preconditions)) refuseBlindPut(kind, call.version, present)
      return document
    },
    call
  )
}

/** The document after a merge has the same limit as one in a request. Throws `BODY_TOO_LARGE`. */
const requireSize = (document: DocumentContent, { rules: { maxDocumentSize: limit } }: Call): DocumentContent => {
  if (document.content.byteLength <= limit) return document
  const setting = 'RALPH_RUNSERVER_MAX_BODY_SIZE'
  const message = `The document would be larger than the ${limit} bytes of ${setting} after the merge.`
  throw new RalphError('BODY_TOO_LARGE', message, { limit, setting })
}

/** Two documents of up to this many bytes are merged while the store waits. It takes a millisecond. */
const small = 2 ** 16

/** The result of a merge, valid while the stored document is still `present`. */
interface Merged {
  readonly etag: string
  readonly contentType: string
  readonly next: DocumentContent
}

/** A large merge holds three documents in memory. Only one runs at a time, however many requests there are. */
const mergeQueue = createQueue()

/**
 * POST merges into the existing document, or stores a new one (Communication §2.2). Large documents are merged while the store continues.
 * The result is written if the stored document is still the one that was merged; otherwise it is merged again.
 */
export const postDocument = async (
  kind: DocumentKind,
  call: Call,
  parameters: Parameters,
  { document, preconditions }: DocumentChange
): Promise<void> => {
  const key = readKey(kind, call, parameters)
  const object: ObjectDocument | undefined = await runYielding(readMergeable(document, call.rules))
  const mergeInto = (present: StoredDocument) => mergeDocuments(present, { ...document, object }, call.rules)

  /** Undefined: done. Otherwise the stored document was not changed, and must be merged first. */
  const attempt = async (merged: Merged | undefined): Promise<PresentDocument | undefined> => {
    let toMerge: PresentDocument | undefined
    await call.store.documents.change(
      key,
      (present) => {
        toMerge = undefined
        checkPreconditions(preconditions, present)
        if (present === undefined) return document
        if (present.etag === merged?.etag && present.contentType === merged.contentType) return merged.next
        if (!present.lacksContent && present.content.byteLength + document.content.byteLength <= small) {
          return requireSize(atOnce(mergeInto(present)), call)
        }
        toMerge = present
        return present
      },
      call
    )
    return toMerge
  }

  const mergeLarge = async (shown: PresentDocument): Promise<Merged | undefined> => {
    const present = shown.lacksContent ? await call.store.documents.get(key, call) : shown
    if (present === undefined) return undefined
    const { etag, contentType } = present
    return { etag, contentType, next: requireSize(await runYielding(mergeInto(present)), call) }
  }

  if ((await attempt(undefined)) === undefined) return
  await mergeQueue(async () => {
    let toMerge = await attempt(undefined)
    while (toMerge !== undefined) toMerge = await attempt(await mergeLarge(toMerge))
  })
}

/** DELETE removes one document. For State without `stateId`, all documents in the scope (Communication §2.3). */
export const deleteDocuments = async (
  kind: DocumentKind,
  call: Call,
  parameters: Parameters,
  preconditions: Preconditions
): Promise<void> => {
  if (kind.kind === 'state' && !parameters.has(kind.id)) {
    refuseUnknown(parameters, kind.scope, call.rules)
    await call.store.documents.clear(scopeIn(kind, call, parameters), call)
    return
  }
  await call.store.documents.change(
    readKey(kind, call, parameters),
    (present) => {
      checkPreconditions(preconditions, present)
      return undefined
    },
    call
  )
}
