import { editValue } from '../../json/exact.ts'
import { asRfc3339, asUtc } from '../../xapi/iso-8601.ts'
import { isSubStatement, type Statement } from '../../xapi/statement.ts'
import type { Version } from '../../xapi/version.ts'

interface Written<Value extends Statement> {
  readonly text: string
  readonly statement: Value
}

/**
 * How a version stores timestamps: 2.0 in UTC (IEEE 9274.1.1 §4.2.7), 1.0.3 as they were sent. 1.0.3 accepts all of ISO 8601 (Data §4.5),
 * which few readers know, so other forms are converted to RFC 3339. The instant and the digits stay.
 */
const formOf: { readonly [version in Version]: (timestamp: string) => string } = {
  '1.0.3': asRfc3339,
  '2.0.0': asUtc
}

const edited = (text: string, path: readonly string[], timestamp: string): string =>
  editValue(text, path, () => JSON.stringify(timestamp))

/** The timestamps of a statement and its SubStatement in the form of `version`, the version of the request. */
export const writeTimestamps = <Value extends Statement>(
  text: string,
  statement: Value,
  version: Version
): Written<Value> => {
  const form = formOf[version]
  let written: Written<Value> = { text, statement }
  const own = statement.timestamp
  if (own !== undefined && form(own) !== own) {
    const timestamp = form(own)
    written = { text: edited(text, ['timestamp'], timestamp), statement: { ...statement, timestamp } }
  }
  const { object } = statement
  if (!isSubStatement(object) || object.timestamp === undefined) return written
  const timestamp = form(object.timestamp)
  if (timestamp === object.timestamp) return written
  return {
    text: edited(written.text, ['object', 'timestamp'], timestamp),
    statement: { ...written.statement, object: { ...object, timestamp } }
  }
}
