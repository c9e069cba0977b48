import type { Log } from '../contracts/log.ts'
import { isDumbTerminal } from '../settings/sources.ts'

export interface ProgressBar {
  /** Adds what was done since the last call. */
  add(counts: { readonly records?: number; readonly bytes?: number }): void
  /** Sets the total amount, as soon as it is known. */
  total(size: { readonly records?: number; readonly bytes?: number }): void
  /** Removes the bar and prints the summary. Later calls print nothing. */
  end(say?: (done: Done) => string): Done
  /** As `end`, after a failure: without the speed, and without a summary if nothing was moved. */
  fail(say?: (done: Done) => string): Done
}

export interface Done {
  readonly records: number
  readonly bytes: number
  readonly seconds: number
}

export interface ProgressOptions {
  /** False: print only the summary. */
  readonly enabled: boolean
  readonly log: Log
  /** The command prints nothing to standard output, so the bar disturbs nothing. */
  readonly stdoutIsFree?: true
}

const frame = 100
const lineEvery = 5000

/** 1234567 → 1,234,567 */
export const formatCount = (count: number): string => String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')

const units = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** 1234567 → 1.2 MB */
export const formatBytes = (bytes: number): string => {
  if (Math.round(bytes) === 1) return '1 byte'
  const unit = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1)
  return `${unit === 0 ? Math.round(bytes) : (bytes / 1000 ** unit).toFixed(1)} ${units[unit]}`
}

/** 3.2 s, 1:05, 2:03:04 */
export const formatSeconds = (seconds: number): string => {
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const minutes = `${two((seconds % 3600) / 60)}:${two(seconds % 60)}`
  return seconds < 3600 ? minutes.replace(/^0/, '') : `${Math.floor(seconds / 3600)}:${minutes}`
}

interface Totals {
  readonly records?: number
  readonly bytes?: number
}

/** `12,345 records, 26.7 MB`, without the parts that are zero. */
const formatDone = ({ records, bytes }: Done): string =>
  [
    ...(records > 0 || bytes === 0 ? [`${formatCount(records)} ${records === 1 ? 'record' : 'records'}`] : []),
    ...(bytes > 0 ? [formatBytes(bytes)] : [])
  ].join(', ')

const formatRate = ({ records, bytes, seconds }: Done): string => {
  const per = Math.max(seconds, 0.001)
  return records > 0 ? `${formatCount(records / per)}/s` : `${formatBytes(bytes / per)}/s`
}

/** `3.2 s (1,234/s)` */
export const formatPace = (done: Done): string => `${formatSeconds(done.seconds)} (${formatRate(done)})`

/** From 0 to 1. Undefined: the total is unknown. */
const shareOf = (done: Done, { records, bytes }: Totals): number | undefined => {
  if (bytes !== undefined && bytes > 0) return Math.min(1, done.bytes / bytes)
  return records !== undefined && records > 0 ? Math.min(1, done.records / records) : undefined
}

/** Seconds. The remaining time is computed from the last ones. There is none before the first second is over. */
const span = 5
const firstSecond = 1

/** Takes the share that is done and returns the remaining seconds. Undefined: unknown. */
export const createForecast = (): ((share: number | undefined, seconds: number) => number | undefined) => {
  let seen: { readonly share: number; readonly seconds: number }[] = []
  return (share, seconds) => {
    if (share === undefined) {
      seen = []
      return undefined
    }
    while ((seen[1]?.seconds ?? seconds) <= seconds - span) seen.shift()
    seen.push({ share, seconds })
    const [from = { share, seconds }] = seen
    const done = share - from.share
    if (seconds < firstSecond || done <= 0 || share >= 1) return undefined
    return ((seconds - from.seconds) * (1 - share)) / done
  }
}

const barWidth = 12

export interface ProgressView {
  readonly bar: boolean
  /** Seconds. Undefined: unknown. */
  readonly left: number | undefined
  /** Width of the terminal. Undefined: lines have no limit. */
  readonly columns?: number | undefined
}

/** The progress on one line. On a narrow terminal it drops the bar, then bytes, time and rate. A number is never cut. */
export const formatProgress = (label: string, done: Done, totals: Totals, view: ProgressView): string => {
  const share = shareOf(done, totals)
  const full = Math.round((share ?? 0) * barWidth)
  const drawn = ` ${'█'.repeat(full)}${'░'.repeat(barWidth - full)}`
  const percent = share === undefined ? '' : ` ${Math.floor(share * 100)}%`
  const count = done.records > 0 ? formatDone({ ...done, bytes: 0 }) : formatDone(done)
  const rate = `, ${formatRate(done)}`
  const elapsed = `, ${formatSeconds(done.seconds)}`
  const left = view.left === undefined ? '' : `, ${formatSeconds(view.left)} left`
  const plain = `${label}:${percent}`
  const head = view.bar && share !== undefined ? `${label}${drawn}${percent}` : plain
  const lines = [
    `${head} ${formatDone(done)}${rate}${elapsed}${left}`,
    `${plain} ${formatDone(done)}${rate}${elapsed}${left}`,
    `${plain} ${count}${rate}${elapsed}${left}`,
    `${plain} ${count}${rate}${left}`,
    `${plain} ${count}`,
    count
  ]
  const columns = view.columns ?? Number.POSITIVE_INFINITY
  return lines.find((line) => line.length <= columns) ?? ''
}

const startOfLine = '\r'
const clearToEnd = '\x1b[K'

/** Draws until the returned function is called. Lines of the log erase the bar; the next frame draws it again. */
const startBar = (line: () => string): (() => void) => {
  const draw = (): void => {
    process.stderr.write(`${startOfLine}${line()}${clearToEnd}`)
  }
  draw()
  const timer = setInterval(draw, frame)
  timer.unref()
  return () => {
    clearInterval(timer)
    process.stderr.write(`${startOfLine}${clearToEnd}`)
  }
}

const startLines = (line: () => string, log: Log): (() => void) => {
  const timer = setInterval(() => log.info(line()), lineEvery)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * Shows the progress of a command. On a terminal it is a bar, or a counter if the total is unknown; elsewhere a log line every
 * five seconds. There is always a summary at the end.
 */
export const startProgress = (label: string, { enabled, log, stdoutIsFree }: ProgressOptions): ProgressBar => {
  const started = performance.now()
  let records = 0
  let bytes = 0
  let totals: Totals = {}
  let ended: Done | undefined
  const now = (): Done => ({ records, bytes, seconds: (performance.now() - started) / 1000 })
  const onTerminal = process.stderr.isTTY === true
  const isDumb = isDumbTerminal()
  // A bar between the data on the same terminal would spoil both.
  const isFree = stdoutIsFree === true || process.stdout.isTTY !== true
  const bar = onTerminal && !isDumb && isFree
  let forecast = createForecast()
  const line = (): string => {
    const done = now()
    const left = forecast(shareOf(done, totals), done.seconds)
    return formatProgress(label, done, totals, { bar, left, columns: bar ? process.stderr.columns : undefined })
  }
  const stop = !enabled || (onTerminal && !isFree) ? () => {} : bar ? startBar(line) : startLines(line, log)
  const summary = (done: Done): string => `${formatDone(done)} in ${formatPace(done)}`
  const failure = (done: Done): string => `failed after ${formatDone(done)}`
  const end = (say: (done: Done) => string | undefined): Done => {
    if (ended !== undefined) return ended
    ended = now()
    stop()
    const said = say(ended)
    if (said !== undefined) log.info(`${label}: ${said}`)
    return ended
  }
  return {
    add: (counts) => {
      records += counts.records ?? 0
      bytes += counts.bytes ?? 0
    },
    total: (size) => {
      totals = size
      forecast = createForecast()
    },
    end: (say = summary) => end(say),
    fail: (say = failure) => end((done) => (done.records === 0 && done.bytes === 0 ? undefined : say(done)))
  }
}
