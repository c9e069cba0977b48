import { parseJsonQuery, queryKeys } from '../../../records/json-query.ts'

/** A query, with the keys of Python Ralph 5. */
export interface ClickhouseQuery {
  /** Columns, as SQL. */
  readonly select: readonly string[]
  /** Conditions that must all be true, as SQL. */
  readonly where: readonly string[]
  /** Values for `{name:Type}` in the SQL. */
  readonly parameters: { readonly [name: string]: unknown }
  readonly limit: number | undefined
  readonly sort: string | undefined
  readonly columnOriented: boolean
}

const isTexts = (value: unknown): boolean =>
  typeof value === 'string' ||
  (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string'))

const texts = { expected: 'a text or a list of texts', judge: isTexts }

const keys = {
  select: texts,
  where: texts,
  parameters: queryKeys.object,
  limit: queryKeys.count,
  sort: queryKeys.text,
  column_oriented: queryKeys.truth
}

// Validated: it is one of the two.
const listOf = (value: unknown): readonly string[] => [value as string | readonly string[]].flat()

/** Parses a JSON object. Throws `INVALID_QUERY`. */
export const parseClickhouseQuery = (text: string | undefined): ClickhouseQuery => {
  const { select = 'event', where = [], parameters = {}, limit, sort, column_oriented } = parseJsonQuery(text, keys)
  return {
    select: listOf(select),
    where: listOf(where),
    // Validated above, like the following values.
    parameters: parameters as ClickhouseQuery['parameters'],
    limit: limit as number | undefined,
    sort: sort as string | undefined,
    columnOriented: column_oriented === true
  }
}

/** The text after FROM. '' for no condition. */
export const whereOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : ` WHERE ${conditions.map((condition) => `(${condition}\n)`).join(' AND ')}`
