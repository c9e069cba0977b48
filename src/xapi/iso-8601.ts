/** A date and time of ISO 8601 as it is written, in parts. */
export interface Moment {
  /** Seconds since 1970 of the clock time, as if it were in UTC. */
  readonly seconds: number
  /** The clock shows second 60; `seconds` is that of second 59. */
  readonly isLeapSecond: boolean
  /** The digits of the fraction of a second. */
  readonly fraction: string
  /** Minutes east of UTC. Undefined: the text has no offset. */
  readonly offset: number | undefined
}

const zone = /([Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?$/.source
/** A fraction of a minute or an hour has at most this many digits. */
const fraction = /(?:[.,](\d{1,30}))?/.source
const fractionOfSecond = /(?:[.,](\d+))?/.source

/** Calendar date, week date or day of the year. Then any number of parts of the time, the last one with an optional fraction. */
const formOf = (dash: string, colon: string): RegExp =>
  new RegExp(
    `^(\\d{4})${dash}(?:(\\d\\d)${dash}(\\d\\d)|W(\\d\\d)${dash}([1-7])|(\\d{3}))[Tt](\\d\\d)` +
      `(?:${fraction}|${colon}(\\d\\d)(?:${fraction}|${colon}(\\d\\d)${fractionOfSecond}))${zone}`
  )

/** With separators between the parts, or without. The two are not mixed (ISO 8601:2004 §4.3.2). */
const forms = [formOf('-', ':'), formOf('', '')]

const secondsOfDay = 86_400

/** Days since 1970. `Date.UTC` would read the years 0 to 99 as 1900 to 1999. */
const daysSince1970 = (year: number, month: number, day: number): number =>
  new Date(0).setUTCFullYear(year, month - 1, day) / (secondsOfDay * 1000)

const isLeapYear = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

const daysInMonth = (year: number, month: number): number => {
  if (month === 2) return isLeapYear(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Monday of week 1, the week of 4 January. */
const firstMonday = (year: number): number => {
  const fourth = daysSince1970(year, 1, 4)
  // 1970 began on a Thursday.
  return fourth - ((((fourth + 3) % 7) + 7) % 7)
}

const dayOf = (match: RegExpExecArray): number | undefined => {
  const year = Number(match[1])
  if (match[2] !== undefined) {
    const [month, day] = [Number(match[2]), Number(match[3])]
    if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
    return daysSince1970(year, month, day)
  }
  if (match[4] !== undefined) {
    const monday = firstMonday(year) + (Number(match[4]) - 1) * 7
    if (match[4] === '00' || monday >= firstMonday(year + 1)) return undefined
    return monday + Number(match[5]) - 1
  }
  const day = Number(match[6])
  return day < 1 || day > (isLeapYear(year) ? 366 : 365) ? undefined : daysSince1970(year, 1, day)
}

/** A fraction of an hour or a minute, as whole seconds and the remaining digits of a second. */
const inSeconds = (digits: string, unit: 60 | 3600): { readonly whole: number; readonly rest: string } => {
  const scale = 10n ** BigInt(digits.length)
  const scaled = BigInt(digits) * BigInt(unit)
  const rest = String(scaled % scale).padStart(digits.length, '0')
  return { whole: Number(scaled / scale), rest: rest.replace(/0+$/, '') }
}

/** Undefined if there is no such time. 24:00 is the end of a day. */
const timeOf = (match: RegExpExecArray): { readonly whole: number; readonly rest: string } | undefined => {
  const [hour, minute, second] = [Number(match[7]), Number(match[9] ?? 0), Number(match[11] ?? 0)]
  const finer =
    match[8] !== undefined
      ? inSeconds(match[8], 3600)
      : match[10] !== undefined
        ? inSeconds(match[10], 60)
        : { whole: 0, rest: match[12] ?? '' }
  if (hour > 24 || minute > 59 || second > 60) return undefined
  const whole = hour * 3600 + minute * 60 + Math.min(second, 59) + finer.whole
  if (hour === 24 && (whole > secondsOfDay || second > 0 || /[1-9]/.test(finer.rest))) return undefined
  return { whole, rest: finer.rest }
}

const minutesOf = (offset: string): number => {
  const minutes = Number(offset.slice(1, 3)) * 60 + (offset.length > 3 ? Number(offset.slice(-2)) : 0)
  return offset.startsWith('-') ? -minutes : minutes
}

/** A leap second is only possible at the end of June or December in UTC (RFC 3339 §5.7). */
const mayHaveLeapSecond = (seconds: number, offset: number): boolean => {
  const next = new Date((seconds + 1 - offset * 60) * 1000).toISOString()
  return /-(?:01|07)-01T00:00:00\.000Z$/.test(next)
}

/** Longer text is refused, because reading it must not take long. */
const longest = 1000

/** The first second that does not fit into a year of four digits. */
const end = 253_402_300_800

/**
 * Reads date and time of ISO 8601 (Data §4.5), on a day that exists. Undefined for other text. A year has four digits: ISO 8601 allows more
 * only by agreement.
 */
export const readMoment = (text: string): Moment | undefined => {
  if (text.length > longest) return undefined
  const match = forms[0]?.exec(text) ?? forms[1]?.exec(text)
  if (!match) return undefined
  const [day, time] = [dayOf(match), timeOf(match)]
  if (day === undefined || time === undefined) return undefined
  const zoned = match[13]
  const offset = zoned === undefined ? undefined : zoned.length === 1 ? 0 : minutesOf(zoned)
  // ISO 8601 §3.4.2: a zero offset is positive. -00:00 means an unknown offset in RFC 3339 and nothing in ISO 8601.
  if (offset === 0 && zoned?.startsWith('-')) return undefined
  const seconds = day * secondsOfDay + time.whole
  if (seconds >= end) return undefined
  const isLeapSecond = match[11] === '60'
  if (isLeapSecond && !mayHaveLeapSecond(seconds, offset ?? 0)) return undefined
  return { seconds, isLeapSecond, fraction: time.rest, offset }
}

const written = ({ seconds, isLeapSecond, fraction: digits }: Moment, zoned: string): string | undefined => {
  const date = new Date(seconds * 1000)
  // A year of RFC 3339 has four digits.
  if (date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return undefined
  const minutes = date.toISOString().slice(0, 17)
  const second = isLeapSecond ? '60' : String(date.getUTCSeconds()).padStart(2, '0')
  return `${minutes}${second}${digits === '' ? '' : `.${digits}`}${zoned}`
}

const zoneOf = (offset: number): string => {
  if (offset === 0) return 'Z'
  const minutes = Math.abs(offset)
  const part = (value: number): string => String(value).padStart(2, '0')
  return `${offset < 0 ? '-' : '+'}${part(Math.floor(minutes / 60))}:${part(minutes % 60)}`
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

/** Whether the text has the form of RFC 3339. `readMoment` says whether such a moment exists. */
export const isRfc3339 = (text: string): boolean => rfc3339.test(text)

/**
 * The same instant in RFC 3339, with every digit. Text that is RFC 3339 already, or cannot be converted, is returned unchanged. A time
 * without offset is read as UTC.
 */
export const asRfc3339 = (text: string): string => {
  if (isRfc3339(text)) return text
  const moment = readMoment(text)
  return (moment && written(moment, zoneOf(moment.offset ?? 0))) ?? text
}

/** The same instant in RFC 3339 and UTC, with every digit. Unchanged if its year in UTC does not have four digits. */
export const asUtc = (text: string): string => {
  if (isRfc3339(text) && /[Zz]$/.test(text)) return text
  const moment = readMoment(text)
  return (moment && written({ ...moment, seconds: moment.seconds - (moment.offset ?? 0) * 60 }, 'Z')) ?? text
}
