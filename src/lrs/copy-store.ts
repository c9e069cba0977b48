import { createHash, type Hash } from 'node:crypto'
import type { DocumentKey } from '../contracts/document-store.ts'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import type { AttachmentContent, StoredStatement } from '../contracts/statement-store.ts'
import type { StoreCopy } from '../contracts/store-copy.ts'
import { RalphError } from '../errors.ts'
import { onOneLine } from '../json/exact.ts'
import { isMark, markOf, namedDigests } from '../xapi/attachments.ts'
import type { Position } from '../xapi/filters.ts'

/** The content of a store in numbers that can be compared with those of another store. */
export interface Inventory {
  readonly statements: number
  readonly attachments: number
  readonly documents: number
  /**
   * SHA-256 over the ids and texts of all statements, in the order of `stored`, and their attachments. The time is part of the text. It is
   * not hashed by itself, because a store that cannot keep two statements of the same microsecond may move one.
   */
  readonly statementDigest: string
  /** SHA-256 over all documents, in the order of their keys. */
  readonly documentDigest: string
}

export interface CopyProgress {
  readonly step: 'copy' | 'verify'
  readonly statements: number
  readonly documents: number
}

export interface CopyOptions {
  readonly onProgress?: (progress: CopyProgress) => void
  readonly signal?: AbortSignal
}

const statementsPerPage = 500
const documentsPerPage = 100
/** Attachments are copied in groups of about this many bytes. */
const attachmentBytes = 2 ** 23

const copyOf = (store: LrsStore, which: string): StoreCopy => {
  if (store.copy) return store.copy
  throw new RalphError('INVALID_INPUT', `the ${which} store cannot be copied`)
}

async function* statementPages(store: StoreCopy, after: Position | undefined, signal: AbortSignal | undefined) {
  for (let from = after; ; ) {
    const { statements, more } = await store.statements(from, statementsPerPage, signal ? { signal } : {})
    if (statements.length > 0) yield statements
    const last = statements.at(-1)
    if (!more || last === undefined) return
    from = { stored: last.stored, id: last.id }
  }
}

async function* documentPages(store: StoreCopy, signal: AbortSignal | undefined) {
  for (let after: DocumentKey | undefined; ; ) {
    const page = await store.documents(after, documentsPerPage, signal ? { signal } : {})
    after = page.at(-1)?.key
    if (after === undefined) return
    yield page
  }
}

/** The attachments that statements name, and the marks that they may have (xapi/attachments.ts). */
const digestsOf = (statements: readonly StoredStatement[]): string[] => {
  const digests = new Set<string>()
  for (const { id, text } of statements) {
    // Most statements have no attachment, so they need not be parsed.
    if (!text.includes('"sha2"')) continue
    for (const digest of namedDigests(JSON.parse(text))) digests.add(digest).add(markOf(id, digest))
  }
  return [...digests]
}

const notEmpty = (why: string): RalphError =>
  new RalphError('INVALID_INPUT', `the receiving store already has ${why}: copy into an empty store`)

/**
 * Where to continue: after the newest statement of the receiving store, if its oldest and newest statements come from the source
 * store. Undefined: nothing was copied yet. Throws before anything is copied if the receiving store has other data.
 */
const placeToGoOn = async (from: LrsStore, to: LrsStore): Promise<Position | undefined> => {
  const ends = await Promise.all([false, true].map((ascending) => to.statements.query({ ascending, limit: 1 })))
  const [newest, oldest] = ends.map(({ statements: [only] }) => only)
  if (newest === undefined || oldest === undefined) {
    const [document] = await copyOf(to, 'receiving').documents(undefined, 1)
    const { statements } = await from.statements.query({ ascending: true, limit: 1 })
    // Documents are copied last.
    if (document !== undefined && statements.length > 0) throw notEmpty('documents')
    return undefined
  }
  for (const { id, stored } of [newest, oldest]) {
    const [valid, voided] = await Promise.all([false, true].map((voided) => from.statements.find(id, { voided })))
    // The statement that voids it may not be copied yet.
    if ((valid ?? voided)?.stored !== stored) throw notEmpty('statements')
  }
  return { stored: newest.stored, id: newest.id }
}

/** Changes when anybody writes to a store: its newest statement and its documents. */
const traceOf = async (store: LrsStore, signal: AbortSignal | undefined): Promise<string> => {
  const { statements } = await store.statements.query({ ascending: false, limit: 1 }, signal ? { signal } : {})
  const documents: string[] = []
  for await (const page of documentPages(copyOf(store, 'giving'), signal)) {
    for (const { key, document } of page) documents.push(`${keyText(key)} ${document.etag} ${document.updated}`)
  }
  return JSON.stringify([statements[0]?.id, documents.sort()])
}

const copyStatements = async (
  from: LrsStore,
  to: LrsStore,
  after: Position | undefined,
  report: (count: number) => void,
  signal: AbortSignal | undefined
): Promise<void> => {
  const target = copyOf(to, 'receiving')
  for await (const statements of statementPages(copyOf(from, 'giving'), after, signal)) {
    let attachments: AttachmentContent[] = []
    let bytes = 0
    for await (const attachment of from.attachments.read(digestsOf(statements))) {
      attachments.push(attachment)
      bytes += attachment.content.byteLength
      if (bytes < attachmentBytes) continue
      // Attachments first, so that a statement is never there without its attachments.
      await target.restoreStatements([], attachments)
      attachments = []
      bytes = 0
    }
    await target.restoreStatements(statements, attachments)
    report(statements.length)
  }
}

const keyText = ({ id, ...scope }: DocumentKey): string =>
  JSON.stringify([
    scope.kind,
    'activity' in scope ? scope.activity : '',
    'agent' in scope ? scope.agent : '',
    scope.kind === 'state' ? (scope.registration ?? '') : '',
    id
  ])

/** The counts and digests of a store. */
export const takeInventory = async (
  store: LrsStore,
  report: (statements: number, documents: number) => void = () => {},
  signal?: AbortSignal
): Promise<Inventory> => {
  const copy = copyOf(store, 'verified')
  const hash: Hash = createHash('sha256')
  let statements = 0
  const attachments = new Set<string>()
  for await (const page of statementPages(copy, undefined, signal)) {
    for (const { id, text } of page) hash.update(`${id} ${onOneLine(text)}\n`)
    const digests = digestsOf(page).filter((digest) => !attachments.has(digest))
    for await (const { sha2, content } of store.attachments.read(digests)) {
      if (!isMark(sha2)) attachments.add(sha2)
      hash.update(`${sha2} ${createHash('sha256').update(content).digest('hex')}\n`)
    }
    statements += page.length
    report(page.length, 0)
  }
  const documents: string[] = []
  for await (const page of documentPages(copy, signal)) {
    for (const { key, document } of page) {
      documents.push(`${keyText(key)} ${document.contentType} ${document.etag} ${document.updated}\n`)
    }
    report(0, page.length)
  }
  const documentHash = createHash('sha256')
  // Each store lists them in a different order.
  for (const line of documents.sort()) documentHash.update(line)
  return {
    statements,
    attachments: attachments.size,
    documents: documents.length,
    statementDigest: hash.digest('hex'),
    documentDigest: documentHash.digest('hex')
  }
}

const isSame = (one: Inventory, other: Inventory): boolean => JSON.stringify(one) === JSON.stringify(other)

/**
 * Copies a whole store into another: statements with `stored`, voiding and references, attachments, documents. Continues where an
 * earlier call was interrupted. Throws `INVALID_INPUT` if the stores differ at the end: the receiving store had other data, or
 * something wrote to one of them meanwhile.
 */
export const copyStore = async (from: LrsStore, to: LrsStore, options: CopyOptions = {}): Promise<Inventory> => {
  const { onProgress = () => {}, signal } = options
  const counted = (step: CopyProgress['step']) => {
    const progress = { step, statements: 0, documents: 0 }
    return (statements: number, documents: number): void => {
      progress.statements += statements
      progress.documents += documents
      onProgress({ ...progress })
    }
  }
  const copyAll = async (after: Position | undefined): Promise<readonly [Inventory, Inventory]> => {
    // A repeated step counts from the start, so that the number is never too high.
    const copied = counted('copy')
    await copyStatements(from, to, after, (count) => copied(count, 0), signal)
    for await (const page of documentPages(copyOf(from, 'giving'), signal)) {
      await copyOf(to, 'receiving').restoreDocuments(page)
      copied(0, page.length)
    }
    const verified = counted('verify')
    return [await takeInventory(from, verified, signal), await takeInventory(to, verified, signal)]
  }
  const start = await placeToGoOn(from, to)
  const before = await traceOf(from, signal)
  let [original, copy] = await copyAll(start)
  // An interruption in the middle of a page may have left a gap before the position where this call continued.
  if (!isSame(original, copy) && start !== undefined) [original, copy] = await copyAll(undefined)
  if ((await traceOf(from, signal)) !== before) {
    const message =
      'another process wrote to the source store while it was copied: stop its servers, then run the command again to continue'
    throw new RalphError('INVALID_INPUT', message, { original, copy })
  }
  if (isSame(original, copy)) return copy
  throw new RalphError(
    'INVALID_INPUT',
    `the copy differs: the source has ${original.statements} statements and ${original.documents} documents, ` +
      `the copy ${copy.statements} and ${copy.documents}. Copy into an empty store, and let no process write to either`,
    { original, copy }
  )
}
