/** A statement of SQL and its values. A `Row` is what its columns are; the schema holds it true. */
export interface Query<Row extends readonly unknown[]> {
  /** Under which a connection keeps it prepared; undefined: it is not kept. */
  readonly name: string | undefined
  readonly text: string
  readonly values: readonly Value[]
  /** Settings of the planner, for this statement only. */
  readonly planning?: string
  /** Only for the type. */
  readonly row?: Row
}

export type Value = string | number | boolean | null | Uint8Array

/** The text under a name is always the same. */
export const prepare =
  <Row extends readonly unknown[] = never>(name: string, text: string) =>
  (...values: readonly Value[]): Query<Row> => ({ name, text, values })

/** Without values, and planned each time. */
export const plain = <Row extends readonly unknown[] = never>(text: string, planning?: string): Query<Row> => ({
  name: undefined,
  text,
  values: [],
  ...(planning === undefined ? {} : { planning })
})
