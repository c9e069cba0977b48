const pattern =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?$/

const daysInMonth = (year: number, month: number): number => {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

const minutesOf = (offset: string): number => {
  if (offset.length === 1) return 0
  const minutes = Number(offset.slice(1, 3)) * 60 + (offset.length > 3 ? Number(offset.slice(-2)) : 0)
  return offset.startsWith('-') ? -minutes : minutes
}

/** Leap seconds are put at the end of June or December in UTC, at no other time (RFC 3339 §5.7). */
const mayHaveLeapSecond = (match: RegExpExecArray): boolean => {
  const [, year, month, day, hour, minute, , offset = 'Z'] = match
  const next = new Date(
    Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute) + 1 - minutesOf(offset))
  )
  const isMidnight = next.getUTCHours() === 0 && next.getUTCMinutes() === 0 && next.getUTCDate() === 1
  return isMidnight && (next.getUTCMonth() === 0 || next.getUTCMonth() === 6)
}

const isRead = (match: RegExpExecArray): boolean => {
  const month = Number(match[2])
  const day = Number(match[3])
  if (month < 1 || month > 12 || day < 1) return false
  if (day > 28 && day > daysInMonth(Number(match[1]), month)) return false
  // ISO 8601 §3.4.2: a zero offset is positive; -00:00 means an unknown one in RFC 3339, and nothing in ISO 8601.
  const offset = match[7]
  if (offset?.startsWith('-') && minutesOf(offset) === 0) return false
  return match[6] !== '60' || mayHaveLeapSecond(match)
}

/**
 * RFC 3339, on a day that exists (Data §4.5). As ISO 8601 and 1.0.3 allow, the offset may be missing, or have no colon
 * or minutes.
 */
export const isTimestamp = (text: string): boolean => {
  const match = pattern.exec(text)
  return match !== null && isRead(match)
}

/** As 2.0 asks: RFC 3339 to the letter, where an offset is never missing. */
export const isTimestampWithOffset = (text: string): boolean => {
  const match = pattern.exec(text)
  return match !== null && (match[7]?.length === 1 || match[7]?.length === 6) && isRead(match)
}
