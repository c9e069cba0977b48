import { wrongField } from './fields.ts'

const form = /^(\d{4}-\d\d-\d\d)(?:[Tt _](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,6})\d*)?)?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?)?$/

/** Epoch numbers above this are milliseconds: in seconds it is the year 2603. */
const mostSeconds = 2e10

const pad = (fraction: string): string => {
  const digits = fraction.padEnd(6, '0')
  return digits === '000000' ? '' : `.${digits}`
}

const offsetOf = (offset: string | undefined, zone: string): string => {
  if (offset === undefined) return zone
  if (/^(?:[Zz]|[+-]00(?::?00)?)$/.test(offset)) return 'Z'
  if (offset.length === 3) return `${offset}:00`
  return offset.includes(':') ? offset : `${offset.slice(0, 3)}:${offset.slice(3)}`
}

const fromEpoch = (number: number): string => {
  const milliseconds = Math.abs(number) > mostSeconds ? number : number * 1000
  const whole = Math.floor(milliseconds)
  const date = new Date(whole)
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) {
    throw wrongField('/time', 'a time')
  }
  const iso = date.toISOString()
  const micros = Math.round((milliseconds - whole) * 1000)
  return `${iso.slice(0, 19)}${pad(iso.slice(20, 23) + String(micros).padStart(3, '0'))}Z`
}

const daysIn = (year: number, month: number): number => {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

const isDate = (date: string): boolean => {
  const [year, month, day] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8))]
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
}

/**
 * When an event happened, as Python Ralph writes it: a zero offset as Z, a fraction of a second with six digits; a number
 * counts seconds or milliseconds since 1970.
 *
 * @param zone for a time without one: Z, as the clocks of edX go by UTC; '' to leave it as it is
 */
export const asTimestamp = (time: string, zone: 'Z' | ''): string => {
  // What nearly every event has: 2021-12-01T08:17:47.123456+00:00.
  const match = form.exec(time)
  if (match === null) {
    if (/^-?\d+(?:\.\d+)?$/.test(time)) return fromEpoch(Number(time))
    throw wrongField('/time', 'a time')
  }
  const [, date = '', minutes = '00:00', seconds = '00', fraction = '', offset] = match
  const inDay = minutes < '24' && minutes.slice(3) < '60' && seconds < '60'
  const inZone = offset === undefined || offset.length === 1 || (offset.slice(1, 3) < '24' && offset.slice(-2) < '60')
  if (!isDate(date) || !inDay || !inZone) throw wrongField('/time', 'a time')
  return `${date}T${minutes}:${seconds}${pad(fraction)}${offsetOf(offset, zone)}`
}
