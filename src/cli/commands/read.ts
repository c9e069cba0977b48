import { type Command, Option } from 'commander'
import type { ReadBatch, ReadOptions } from '../../contracts/data-backend.ts'
import { RalphError } from '../../errors.ts'
import { boolean, integer } from '../../settings/kinds.ts'
import type { Composition } from '../composition.ts'
import { addBackendOptions, type OpenPlace, withPlace } from '../data-command.ts'
import { flagOf } from '../flag-kinds.ts'
import { openNotes } from '../history-notes.ts'

interface ReadFlags {
  readonly backend: string
  readonly target?: string
  readonly chunkSize?: number
  readonly ignore_errors?: boolean
  readonly ignoreErrors?: boolean
  readonly bare?: boolean
  readonly progress: boolean
}

/** Acknowledges a batch when the next bytes are requested: by then the bytes of the batch were passed on. */
const asBytes = async function* (batches: AsyncIterable<ReadBatch>): AsyncGenerator<Uint8Array> {
  for await (const { lines, done } of batches) {
    if (lines.length > 0) yield Buffer.from(`${lines.join('\n')}\n`)
    if (done !== undefined) await done()
  }
}

const lineFeed = 10

/** The number of records that end here. JSON on one line has no other line feed. */
const endsIn = (bytes: Uint8Array): number => {
  let count = 0
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) count += 1
  return count
}

/** What was read, as bytes. */
const readFrom = (
  { backend, choice }: OpenPlace,
  query: string | undefined,
  options: ReadOptions
): AsyncIterable<Uint8Array> => {
  if (backend.read === undefined)
    throw new RalphError('INTERNAL', `defect: ${choice.name} declares that it can read, but cannot`)
  return backend.moves === 'bytes' ? backend.read(query, options) : asBytes(backend.read(query, options))
}

const readAll = async (
  place: OpenPlace,
  query: string | undefined,
  flags: ReadFlags,
  composition: Composition
): Promise<void> => {
  const { backend, choice, log, signal, chunkSizes } = place
  const [{ OutputClosed, requireOutput, writeOut }, { startProgress }] = await Promise.all([
    import('../write-out.ts'),
    import('../progress.ts')
  ])
  requireOutput()
  const notes = await openNotes(place, composition, 'read')
  const progress = startProgress(`read ${choice.name}`, { enabled: flags.progress, log })
  const goesOn = flags.ignoreErrors === true || flags.ignore_errors === true
  const chunkSize = flags.chunkSize || Number(chunkSizes.readChunkSize ?? 0)
  let failures = 0
  const options: ReadOptions = {
    signal,
    target: flags.target,
    chunkSize: chunkSize === 0 ? undefined : chunkSize,
    bare: flags.bare === true,
    onObject: notes.note,
    onTotal: progress.total,
    onError: goesOn
      ? (error) => {
          failures += 1
          log.error(error.message)
        }
      : undefined
  }
  try {
    await writeOut(readFrom(place, query, options), {
      signal,
      written: (bytes) =>
        progress.add({ records: backend.moves === 'records' ? endsIn(bytes) : 0, bytes: bytes.length })
    })
  } catch (error) {
    // It is not a failure if the reader of standard output wants no more.
    if (!(error instanceof OutputClosed)) progress.fail()
    throw error
  } finally {
    progress.end()
    await notes.end()
  }
  if (failures > 0) log.warn(`${failures} items that could not be read were skipped`)
}

const queryOf = async (query: string | undefined, signal: AbortSignal): Promise<string | undefined> => {
  if (query !== '-') return query
  const { openInput } = await import('../input.ts')
  const { chunks } = await openInput('-', signal)
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString('utf8').trim()
}

/** `ralph read`, also `ralph fetch`: writes the content of a backend to standard output. */
export const declareRead = (program: Command, composition: Composition): void => {
  const queries = composition.dataBackends
    .filter(({ capabilities }) => capabilities.read)
    .map(({ name, capabilities }) => `  ${name.padEnd(10)}  ${capabilities.query}`)
  const command = program
    .command('read')
    .alias('fetch')
    .summary('read from a backend')
    .description('Writes the content of a backend, or what the query selects, to standard output.')
    .argument('[query]', 'query; -: read the query from standard input')
  addBackendOptions(command, composition, ({ read }) => read)
    .option(
      '-s, --chunk-size <number>',
      'records per request, or bytes per chunk',
      flagOf('--chunk-size', integer(0, 2 ** 31))
    )
    .option('-t, --target <target>', 'where to read from, instead of where the settings say')
    .option('-I, --ignore-errors', 'continue after items that cannot be read')
    .addOption(
      new Option('-i, --ignore_errors <boolean>', 'the same, as in Python Ralph 5').argParser(
        flagOf('--ignore_errors', boolean)
      )
    )
    .option('--bare', 'only the records, without the fields that a database adds')
    .option('--no-progress', 'do not show progress')
    .addHelpText('after', `\nThe query is:\n${queries.join('\n')}`)
    .action(async (query: string | undefined, flags: ReadFlags) => {
      const require = ({ name, capabilities }: OpenPlace['choice']): void => {
        if (!capabilities.read) throw new RalphError('UNSUPPORTED_OPERATION', `${name} cannot be read`)
      }
      await withPlace(command, composition, { name: flags.backend, require }, async (place) =>
        readAll(place, await queryOf(query, place.signal), flags, composition)
      )
    })
}
