import { onOneLine } from '../../json/exact.ts'
import type { NewStatement } from '../../storage/batching/engine.ts'
import { isWritten, type Written } from '../../storage/batching/written.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { formatMicros, type Micros } from '../../xapi/timestamp.ts'
import { type BulkAction, bulk } from './bulk.ts'
import type { DescriptionDocument } from './descriptions.ts'
import { asStoreError } from './errors.ts'
import { type DocumentVersion, multiGet } from './multi-get.ts'
import { notWritten } from './not-written.ts'
import { before, isStatement, type Relation } from './relations.ts'
import type { TargetIndices } from './target-indices.ts'

interface Found {
  readonly id: string
  readonly version: DocumentVersion
  /** Only Ralph writes these documents. */
  readonly document: Relation & Partial<DescriptionDocument>
}

interface Hits {
  readonly hits: {
    readonly hits: readonly {
      readonly _id: string
      readonly _seq_no: number
      readonly _primary_term: number
      readonly _source: Found['document']
    }[]
  }
}

/** If more documents than a batch are found, they are undone in several steps. */
const stepSize = 5000

const searchLate = async (
  { connection, space }: TargetIndices,
  index: string,
  fields: readonly string[],
  written: Written
): Promise<Found[]> => {
  await connection.ask({ method: 'POST', path: [index, '_refresh'], kind: 'read' })
  const { body } = await connection.ask({
    method: 'POST',
    path: [index, '_search'],
    query: { allow_partial_search_results: false },
    body: {
      size: stepSize,
      seq_no_primary_term: true,
      query: {
        bool: {
          filter: [{ term: { space: space.prefix } }],
          should: fields.flatMap((field) => notWritten(field, written)),
          minimum_should_match: 1
        }
      }
    },
    kind: 'read'
  })
  // The answer of Elasticsearch to a search.
  return (body as Hits).hits.hits.map(({ _id, _seq_no, _primary_term, _source }) => ({
    id: _id,
    version: { seqNo: _seq_no, term: _primary_term },
    document: _source
  }))
}

/** Another process has undone it already. */
const isConflict = (status: number): boolean => status === 409 || status === 404

const carryOut = async (
  indices: TargetIndices,
  actions: readonly BulkAction[],
  requireHeld?: () => Promise<void>
): Promise<void> => {
  if (actions.length === 0) return
  const options = requireHeld === undefined ? {} : { before: requireHeld }
  for (const { refusal } of await bulk(indices.connection, actions, options)) {
    if (!isConflict(refusal.status)) throw asStoreError(refusal) ?? new Error(`Elasticsearch: ${refusal.reason}`)
  }
}

/** Distinguishes our text from one that Python Ralph wrote under the same id. */
interface OurText {
  readonly id: StatementId
  readonly stored: Micros
  readonly size: number
}

const removeTexts = async (
  indices: TargetIndices,
  ours: readonly OurText[],
  requireHeld?: () => Promise<void>
): Promise<void> => {
  const wanted = ours.map(({ id, size }) => ({ index: indices.statements, id, size }))
  const got = await multiGet(indices.connection, wanted)
  const actions = got.flatMap(({ index, id, source, version }, at): BulkAction[] => {
    const { size, stored } = ours[at] ?? {}
    if (source === undefined || version === undefined || stored === undefined || source.length !== size) return []
    const isOurs = source.includes(`"stored":"${formatMicros(stored)}"`)
    return isOurs ? [{ index, id, expects: version }] : []
  })
  await carryOut(indices, actions, requireHeld)
}

/** Removes the texts of these statements if they have no relation, because their writer failed in between. */
export const undoTexts = async (
  indices: TargetIndices,
  statements: readonly NewStatement[],
  requireHeld: () => Promise<void>
): Promise<void> => {
  const wanted = statements.map(({ id }) => ({ index: indices.relations, id: indices.keys.statement(id) }))
  const got = await multiGet(indices.connection, wanted)
  const left = statements.flatMap(({ id, stored, text }, at): OurText[] => {
    const source = got[at]?.source
    // Only Ralph writes there, so the shape is known.
    const relation = source === undefined ? undefined : (JSON.parse(source.toString()) as Relation)
    return relation?.stored === stored ? [] : [{ id, stored, size: Buffer.byteLength(onOneLine(text)) }]
  })
  await removeTexts(indices, left, requireHeld)
}

/** The texts are removed first. Once a relation is gone, nobody knows about its text. */
const undoRelations = async (
  indices: TargetIndices,
  found: readonly Found[],
  written: Written,
  requireHeld?: () => Promise<void>
): Promise<void> => {
  const { relations } = indices
  const ours = found.flatMap(({ document }) =>
    'turn' in document && isStatement(document) && !isWritten(document.round, written) && document.adopted === undefined
      ? [document]
      : []
  )
  await removeTexts(indices, ours, requireHeld)
  const undone = found.map(({ id, version, document }): BulkAction => {
    const previous = 'turn' in document ? before(document, written) : undefined
    const action = { index: relations, id, expects: version }
    return previous === undefined ? action : { ...action, source: JSON.stringify(previous) }
  })
  await carryOut(indices, undone, requireHeld)
}

const undoDescription = (kept: string, { id, version, document }: Found): BulkAction => {
  const { before: text, space } = document
  const action = { index: kept, id, expects: version }
  return text === undefined ? action : { ...action, source: JSON.stringify({ space, since: 0, text }) }
}

/**
 * Takes back everything that was written but never committed, by any process. No reader has seen it, and no client was told that it is
 * stored. Only the holder of the lease may call this. It may be repeated.
 */
export const undoLate = async (
  indices: TargetIndices,
  written: Written,
  requireHeld: () => Promise<void>
): Promise<void> => {
  for (;;) {
    const found = await searchLate(indices, indices.relations, ['round', 'changedAt'], written)
    await undoRelations(indices, found, written, requireHeld)
    if (found.length < stepSize) break
  }
  for (;;) {
    const found = await searchLate(indices, indices.kept, ['since'], written)
    const undone = found.map((each) => undoDescription(indices.kept, each))
    await carryOut(indices, undone, requireHeld)
    if (found.length < stepSize) break
  }
}

/**
 * Takes back what a session wrote after another process took over the lease. That process may not have found it, and no reader has seen it.
 */
export const undoSession = async (
  indices: TargetIndices,
  turn: string,
  ids: readonly StatementId[],
  written: Written
): Promise<void> => {
  const wanted = ids.map((id) => ({ index: indices.relations, id: indices.keys.statement(id) }))
  const found = (await multiGet(indices.connection, wanted)).flatMap(({ id, source, version }): Found[] => {
    if (source === undefined || version === undefined) return []
    const document = JSON.parse(source.toString()) as Found['document']
    return document.turn === turn ? [{ id, version, document }] : []
  })
  await undoRelations(indices, found, written)
}
