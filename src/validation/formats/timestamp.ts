import { isRfc3339, readMoment } from '../../xapi/iso-8601.ts'

/** A day that its month has. 29 February does not exist in every year. */
const day = String.raw`(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)`
const time = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?`

/** -00:00 is not among them: ISO 8601 does not have it. */
const offset = String.raw`(?:Z|(?:\+|-(?!00:00))(?:[01]\d|2[0-3]):[0-5]\d)`

/** Accepts nearly all timestamps quickly: RFC 3339 without 29 February and leap seconds. */
const plain = new RegExp(String.raw`^\d{4}-${day}T${time}${offset}$`)

/** Date and time of ISO 8601, on a day that exists, as 1.0.3 requires (Data §4.5). The offset may be missing. */
export const isTimestamp = (text: string): boolean => plain.test(text) || readMoment(text) !== undefined

/** As 2.0 requires: exactly RFC 3339, where the offset is never missing. */
export const isTimestampWithOffset = (text: string): boolean =>
  plain.test(text) || (isRfc3339(text) && readMoment(text) !== undefined)
