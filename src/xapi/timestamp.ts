import { readMoment } from './iso-8601.ts'

/**
 * `stored` has microseconds. It orders the statements, bounds `since` and `until`, and is part of every cursor. So it must be unique in a
 * store and exactly comparable: a whole number of microseconds since 1970, which a double holds exactly until the year 2255.
 */
export type Micros = number

/** 2026-11-21T11:12:08.123456Z */
export const formatMicros = (micros: Micros): string => {
  const millis = Math.floor(micros / 1000)
  const iso = new Date(millis).toISOString()
  return `${iso.slice(0, -1)}${String(micros - millis * 1000).padStart(3, '0')}Z`
}

const pattern = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d(?::?\d\d)?)?$/

const microsOf = (fraction: string): Micros => Number(fraction.slice(0, 6).padEnd(6, '0'))

const parseOther = (timestamp: string): Micros | undefined => {
  const moment = readMoment(timestamp)
  if (moment === undefined) return undefined
  const seconds = moment.seconds - (moment.offset ?? 0) * 60 + (moment.isLeapSecond ? 1 : 0)
  return seconds * 1_000_000 + microsOf(moment.fraction)
}

/**
 * Reads RFC 3339 text whose form was validated, or ISO 8601. Digits finer than microseconds are cut off. A time without offset is read as
 * UTC, a leap second as the first second of the next minute. Undefined if the text is not a timestamp.
 */
export const parseMicros = (timestamp: string): Micros | undefined => {
  const match = pattern.exec(timestamp)
  if (!match) return parseOther(timestamp)
  const [, date, time = '', fraction = '', offset = 'Z'] = match
  const zone = /^[+-]\d\d$/.test(offset) ? `${offset}:00` : offset.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2').toUpperCase()
  const isLeapSecond = time.endsWith(':60')
  const second = Date.parse(`${date}T${isLeapSecond ? `${time.slice(0, -2)}59` : time}${zone}`)
  const millis = isLeapSecond ? second + 1000 : second
  if (Number.isNaN(millis)) return undefined
  return millis * 1000 + microsOf(fraction)
}
