import { availableParallelism } from 'node:os'
import { createBudget } from '../archives/limits.ts'
import type { DeliveryReport, HandlerResult, ImportHandler, ObjectHandler } from '../contracts/imports.ts'
import { RalphError } from '../errors.ts'
import type { ImportSettings } from '../settings/settings.ts'
import { defaultMaxLineBytes } from '../streams/lines.ts'
import { mapInOrder, moduleBeside } from '../streams/ordered-map.ts'
import { formatReject } from '../toolbox/reject-report.ts'
import type { KeptImport } from './kept.ts'
import type { Originals } from './originals.ts'
import { type Staging, sizeOf } from './staging.ts'
import { check } from './steps/check.ts'
import { type Chunk, type ChunkStatement, chunksOf, type RefusedPlace } from './steps/chunks.ts'
import type { ConvertedBlock, ConvertTask } from './steps/convert-work.ts'
import { type ParsedBlock, parse } from './steps/parse.ts'
import { type Leaf, unpack } from './steps/unpack.ts'

export interface Work {
  readonly staging: Staging
  readonly settings: ImportSettings
  /** Undefined: originals are not kept. */
  readonly originals: Originals | undefined
  readonly handler: ImportHandler | ObjectHandler
  readonly signal: AbortSignal
  /** Saves the progress durably before the next step. Rejects if another process has taken the import. */
  readonly save: (kept: KeptImport) => Promise<void>
}

/** Threads that convert, including this one, which also delivers. */
const mostJobs = 3

/** The files in the staged bytes. */
const leavesOf = async (kept: KeptImport, { staging, settings, signal }: Work): Promise<AsyncIterable<Leaf>> => {
  const file = staging.fileOf(kept.id)
  return unpack({
    file,
    name: kept.filename,
    budget: createBudget(await sizeOf(file), settings),
    unpack: kept.instructions.unpack !== false,
    scratch: () => staging.scratchOf(kept.id),
    signal
  })
}

const noPlatform =
  'events cannot be converted: set RALPH_IMPORTS_PLATFORM_URL (--platform-url) and ' +
  'RALPH_CONVERTER_EDX_XAPI_UUID_NAMESPACE (--uuid-namespace)'

const taskOf = (kept: KeptImport, { settings, handler }: Work): ConvertTask => {
  const { instructions } = kept
  const platformUrl = instructions.platformUrl ?? settings.platformUrl
  const namespace = instructions.uuidNamespace ?? settings.uuidNamespace
  return {
    from: instructions.from ?? 'auto',
    maxLineBytes: defaultMaxLineBytes,
    converter:
      platformUrl === undefined || namespace === undefined
        ? { missing: noPlatform }
        : { platformUrl, namespace, shape: 'event' },
    sha256: kept.sha256 ?? '',
    judge: !handler.judges
  }
}

/** A line of the report of rejected records. `ralph extract -p report` extracts the record again. */
const reportLine = ({ path, ...bad }: RefusedPlace): string =>
  `{"file":${JSON.stringify(path)},${formatReject(bad).slice(1)}`

const nothingYet: HandlerResult = { status: 'PROCESSING', written: 0, already: 0, rejected: 0 }

type Gathered = KeptImport['progress']['gathered']

/** Statements of a chunk to their destination, or to what is gathered for it. Nothing of that is written until it is put. */
const deliver = async (
  statements: readonly ChunkStatement[],
  kept: KeptImport,
  { handler, staging, signal }: Work
): Promise<{ readonly report: DeliveryReport; readonly gathered: Gathered }> => {
  const { gathered } = kept.progress
  const nothing: DeliveryReport = { written: 0, already: 0, rejected: [] }
  if (statements.length === 0) return { report: nothing, gathered }
  if (!('put' in handler)) {
    return { report: await handler.deliver(statements, { id: kept.id, user: kept.user, signal }), gathered }
  }
  const bytes = await staging.gathered.append(kept.id, statements.map(({ text }) => `${text}\n`).join(''))
  return { report: nothing, gathered: { bytes, statements: (gathered?.statements ?? 0) + statements.length } }
}

/** Puts what was gathered, and gives the record as it is then. */
const putGathered = async (kept: KeptImport, { handler, staging, signal }: Work): Promise<KeptImport> => {
  const { counts, filename, sha256 = '', progress } = kept
  const { statements = 0 } = progress.gathered ?? {}
  if (!('put' in handler) || statements === 0) return kept
  const object = await handler.put(staging.gathered.read(kept.id), { filename, sha256, signal })
  const before = kept.handlers[handler.name] ?? nothingYet
  return {
    ...kept,
    counts: { ...counts, written: statements },
    handlers: { ...kept.handlers, [handler.name]: { ...before, written: statements, object } }
  }
}

/** Delivers a chunk, keeps what was rejected of it, and gives the record as it is then. */
const deliverChunk = async (kept: KeptImport, chunk: Chunk, work: Work): Promise<KeptImport> => {
  const { handler, staging } = work
  const { statements } = chunk
  const { report, gathered } = await deliver(statements, kept, work)
  const rejected: RefusedPlace[] = report.rejected.flatMap(({ index, reason }) => {
    const statement = statements[index]
    return statement === undefined ? [] : [{ path: statement.path, line: statement.line, reason, text: statement.text }]
  })
  const refused = [...chunk.refused, ...rejected]
  const rejectedBytes =
    refused.length === 0
      ? kept.progress.rejectedBytes
      : await staging.rejects.append(kept.id, refused.map(reportLine).join(''))
  const { counts } = kept
  const before = kept.handlers[handler.name] ?? nothingYet
  return {
    ...kept,
    counts: {
      read: counts.read + chunk.read,
      converted: counts.converted + chunk.converted,
      written: counts.written + report.written,
      already: counts.already + report.already,
      rejected: counts.rejected + refused.length
    },
    handlers: {
      ...kept.handlers,
      [handler.name]: {
        status: 'PROCESSING',
        written: before.written + report.written,
        already: before.already + report.already,
        rejected: before.rejected + rejected.length
      }
    },
    failures: 0,
    progress: { isChecked: true, ...chunk.after, rejectedBytes, gathered }
  }
}

/** Checks all of it, once. */
const checkWhole = async (kept: KeptImport, work: Work): Promise<KeptImport> => {
  if (kept.progress.isChecked) return kept
  const { files, skipped } = await check(await leavesOf(kept, work), { maxLineBytes: defaultMaxLineBytes })
  if (files === 0) {
    const [first] = skipped
    const why = first === undefined ? 'it has no files' : `${first.path} ${first.reason}`
    throw new RalphError('UNSUPPORTED_CONTENT', `it contains nothing that can be imported: ${why}`)
  }
  const metadata = skipped.length === 0 ? kept.metadata : { ...kept.metadata, skipped }
  return { ...kept, metadata, progress: { ...kept.progress, isChecked: true } }
}

/** Before anything of it is delivered, because a file that is refused as a whole is not kept. */
const keepOriginal = async (kept: KeptImport, { originals, staging, signal }: Work): Promise<KeptImport> => {
  const { id, filename, sha256, original, source } = kept
  if (original !== undefined || sha256 === undefined || originals?.wants(source.door) !== true) return kept
  return { ...kept, original: await originals.keep({ path: staging.fileOf(id), filename, sha256 }, signal) }
}

const blocksOf = (leaves: AsyncIterable<Leaf>, kept: KeptImport, work: Work): AsyncIterable<ConvertedBlock> =>
  mapInOrder<ParsedBlock, ConvertedBlock>(
    parse(leaves, { after: kept.progress, maxLineBytes: defaultMaxLineBytes, onSkipped: () => {} }),
    {
      module: moduleBeside('steps/convert-work', import.meta.url),
      data: taskOf(kept, work),
      jobs: Math.min(mostJobs, availableParallelism())
    }
  )

/**
 * Runs an import from where it was left to its end. It has no state besides what it saves: killed at any moment, it continues
 * after the last saved chunk. The caller handles its errors.
 */
export const work = async (start: KeptImport, context: Work): Promise<KeptImport> => {
  const { handler, staging, signal, save } = context
  await staging.clearScratch(start.id)
  let kept = await keepOriginal(await checkWhole(start, context), context)
  await staging.rejects.cutTo(kept.id, kept.progress.rejectedBytes)
  await staging.gathered.cutTo(kept.id, kept.progress.gathered?.bytes ?? 0)
  kept = { ...kept, status: 'PROCESSING' }
  await save(kept)
  const leaves = await leavesOf(kept, context)
  for await (const chunk of chunksOf(blocksOf(leaves, kept, context), handler.chunkSize)) {
    signal.throwIfAborted()
    kept = await deliverChunk(kept, chunk, context)
    await save(kept)
  }
  kept = await putGathered(kept, context)
  const { read, written, already, rejected } = kept.counts
  if (read === 0) throw new RalphError('UNSUPPORTED_CONTENT', 'it contains no records')
  if (written + already === 0) {
    throw new RalphError('INVALID_INPUT', `none of its ${read} records was imported: ${rejected} were rejected`)
  }
  const result = kept.handlers[handler.name] ?? nothingYet
  return { ...kept, status: 'DONE', handlers: { ...kept.handlers, [handler.name]: { ...result, status: 'DONE' } } }
}
