import { availableParallelism } from 'node:os'
import type { Command } from 'commander'
import type { Log } from '../contracts/log.ts'
import { integer } from '../settings/kinds.ts'
import type { Compression } from '../streams/compression.ts'
import type { FilterProgress, FilterRequest, FilterTask } from '../toolbox/filter.ts'
import { counted } from './counted.ts'
import { decompressOption, flagOf, maxLineBytesOption } from './flag-kinds.ts'
import { interruptible } from './interruption.ts'

/** The flags of every command that filters lines from files or standard input to standard output. */
export interface FilterFlags {
  readonly ignoreErrors?: boolean
  readonly failOnUnknown?: boolean
  readonly report?: string
  readonly progress: boolean
  readonly jobs?: number
  readonly maxLineBytes: number
  readonly decompress: Compression
}

/** The descriptions of these flags for one command. */
export interface FilterMeanings {
  readonly ignoreErrors: string
  readonly failOnUnknown: string
  readonly report: string
  readonly jobs: string
  readonly maxLineBytes: string
}

export const addFilterOptions = (command: Command, meanings: FilterMeanings): Command =>
  command
    .option('-I, --ignore-errors', meanings.ignoreErrors)
    .option('-F, --fail-on-unknown', meanings.failOnUnknown)
    .option('--report <file>', meanings.report)
    .option('--no-progress', 'do not show progress')
    .option('--jobs <number>', meanings.jobs, flagOf('--jobs', integer(1, 64)))
    .addOption(maxLineBytesOption(meanings.maxLineBytes))
    .addOption(decompressOption())

/** Returns the lines that pass. The size of the input is undefined if unknown. */
export type Filter = (
  chunks: AsyncIterable<Uint8Array>,
  size: number | undefined,
  request: FilterTask & FilterRequest
) => AsyncIterable<Uint8Array>

export interface FilterCommand {
  readonly name: string
  /** The most threads, unless the user sets the number. */
  readonly mostJobs: number
  readonly log: Log
  load(): Promise<Filter>
}

/** Runs a filter on files or standard input. Reports refused lines, progress and totals. */
export const runFilter = async (
  { name, mostJobs, log, load }: FilterCommand,
  files: readonly string[],
  flags: FilterFlags
): Promise<void> => {
  const [
    filter,
    { formatReject },
    { openInputs, tellIfTyped },
    { startProgress },
    { tellRefusedLines },
    { openReport },
    { OutputClosed, writeOut },
    { joinLines }
  ] = await Promise.all([
    load(),
    import('../toolbox/reject-report.ts'),
    import('./input.ts'),
    import('./progress.ts'),
    import('./refused-lines.ts'),
    import('./report-file.ts'),
    import('./write-out.ts'),
    import('../streams/join-lines.ts')
  ])
  await interruptible(async (signal) => {
    // A line that ends the command also ends the reading: the other end of a pipe may never send more.
    const ended = new AbortController()
    const input = await openInputs(files, AbortSignal.any([signal, ended.signal]))
    tellIfTyped(input, log)
    const report = flags.report === undefined ? undefined : openReport(flags.report)
    const done: FilterProgress = { total: 0, invalid: 0 }
    const refusedLines = tellRefusedLines(log)
    const progress = startProgress(name, { enabled: flags.progress && !input.isTyped, log })
    if (input.size !== undefined) progress.total({ bytes: input.size })
    try {
      const chunks = joinLines(
        input.files.map((file) => counted(file, (bytes) => progress.add({ bytes }))),
        flags.decompress
      )
      const passed = filter(chunks, input.size, {
        maxLineBytes: flags.maxLineBytes,
        stopAtInvalid: flags.ignoreErrors !== true && report === undefined,
        stopAtUnknown: flags.failOnUnknown === true,
        jobs: flags.jobs ?? Math.min(availableParallelism(), mostJobs),
        progress: done,
        onRefused: ({ problems, unknown, ...refused }, isLast) => {
          // The error that ends the command reports the last line.
          if (!isLast) refusedLines.tell(refused.line, refused.reason, unknown)
          report?.add(formatReject(refused, problems))
        },
        onProgress: ({ records }) => progress.add({ records })
      })
      await writeOut(passed, { signal })
    } catch (error) {
      // It is not a failure if the reader of standard output wants no more.
      if (!(error instanceof OutputClosed)) progress.fail()
      throw error
    } finally {
      ended.abort()
      refusedLines.end()
      progress.end()
      log.info(`Total events: ${done.total}, Invalid events: ${done.invalid}`)
      report?.close()
    }
  })
}
