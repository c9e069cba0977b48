import type { DocumentKey } from '../contracts/document-store.ts'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import type { CallOptions, StoredStatement } from '../contracts/statement-store.ts'
import type { KeyedDocument, StoreCopy } from '../contracts/store-copy.ts'
import { RalphError } from '../errors.ts'
import type { Position } from '../xapi/filters.ts'

const statementsPerPage = 500
const documentsPerPage = 100

const copyOf = ({ copy }: LrsStore): StoreCopy => {
  if (copy !== undefined) return copy
  throw new RalphError('UNSUPPORTED_OPERATION', 'the store cannot give out all that it keeps')
}

/** All statements, voided ones too, oldest first, a page at a time. */
export async function* statementPages(
  store: LrsStore,
  options: CallOptions = {}
): AsyncGenerator<readonly StoredStatement[], void, undefined> {
  for (let after: Position | undefined; ; ) {
    const { statements, more } = await copyOf(store).statements(after, statementsPerPage, options)
    if (statements.length > 0) yield statements
    const last = statements.at(-1)
    if (!more || last === undefined) return
    after = { stored: last.stored, id: last.id }
  }
}

/** All documents, one by one. */
export async function* everyDocument(
  store: LrsStore,
  options: CallOptions = {}
): AsyncGenerator<KeyedDocument, void, undefined> {
  for (let after: DocumentKey | undefined; ; ) {
    const page = await copyOf(store).documents(after, documentsPerPage, options)
    yield* page
    after = page.at(-1)?.key
    if (after === undefined) return
  }
}
