/** An SQL statement and its values. `Row` is the type of its rows, and the schema guarantees it. */
export interface Query<Row extends readonly unknown[]> {
  /** The name under which a connection keeps it prepared. Undefined: it is not kept. */
  readonly name: string | undefined
  readonly text: string
  readonly values: readonly Value[]
  /** Planner settings for this statement only. */
  readonly planning?: string
  /** Only for the type. */
  readonly row?: Row
}

export type Value = string | number | boolean | null | Uint8Array

/** The text under one name is always the same. */
export const prepare =
  <Row extends readonly unknown[] = never>(name: string, text: string) =>
  (...values: readonly Value[]): Query<Row> => ({ name, text, values })

/** Without values. It is planned each time. */
export const plain = <Row extends readonly unknown[] = never>(text: string, planning?: string): Query<Row> => ({
  name: undefined,
  text,
  values: [],
  ...(planning === undefined ? {} : { planning })
})

export const begin = plain('BEGIN')
export const commit = plain('COMMIT')
export const rollback = plain('ROLLBACK')
