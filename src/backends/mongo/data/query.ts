import { BSON, type Document } from 'mongodb'
import { parseJsonQuery, queryKeys } from '../../../records/json-query.ts'

/** A query, with the keys of Python Ralph 5. */
export interface MongoQuery {
  readonly filter: Document
  readonly limit: number | undefined
  readonly projection: Document | undefined
  readonly sort: readonly (readonly [field: string, direction: 1 | -1])[] | undefined
}

const isOrder = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && (value[1] === 1 || value[1] === -1)

const keys = {
  filter: queryKeys.object,
  limit: queryKeys.count,
  projection: queryKeys.object,
  sort: {
    expected: 'a list of fields, each with its direction: [["_source.timestamp", -1]]',
    judge: (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isOrder)
  }
}

/** Only such a text may contain values that JSON cannot express: `{"_id": {"$oid": "…"}}`. */
const isExtended = (text: string): boolean => /"\$(?:oid|date|numberLong|numberDecimal|uuid|binary)"/.test(text)

/** Parses a JSON object. Throws `INVALID_QUERY`. */
export const parseMongoQuery = (text: string | undefined): MongoQuery => {
  const { filter = {}, limit, projection, sort } = parseJsonQuery(text, keys)
  // Validated above.
  const wanted = filter as Document
  return {
    filter: text !== undefined && isExtended(text) ? BSON.EJSON.deserialize(wanted) : wanted,
    limit: limit as number | undefined,
    projection: projection as Document | undefined,
    sort: sort as MongoQuery['sort']
  }
}
