import type { StatementShape } from '../edx/convert/index.ts'
import type { Statement } from '../xapi/statement.ts'

/** What a line became: a statement (and those that belong to it), nothing because nobody knows such a record, or nothing because it is wrong. */
export type ConvertedLine =
  | { readonly statement: Statement; readonly further?: readonly Statement[] }
  | { readonly unknown: string; readonly kind: string }
  | { readonly reason: string }

/**
 * @param text a record
 * @param name what its id is made from
 */
export type ConvertLine = (text: string, name: Uint8Array) => ConvertedLine

/** What a conversion is told; a cloneable value, as it goes to other threads. */
export interface ConverterOptions {
  readonly platformUrl: string
  readonly namespace: string
  /** What the statements are like: as the event says it, or as another program makes them. */
  readonly shape: StatementShape
}

/** A line of documentation, as `ralph convert --list` prints it. */
export interface ConversionRow {
  readonly family: string
  readonly events: readonly string[]
  readonly source: string
  /** Which of the events were met in real logs. */
  readonly seen: string
  readonly verb: string
  readonly object: string
  readonly profile: string
  readonly result: string
  readonly context: string
  /** What is otherwise with `--compat ralph`; empty: Python Ralph does not convert it. */
  readonly ralph: string
  /** What it becomes with `--shape aspects`; empty: event-routing-backends does not convert it. */
  readonly aspects: string
}

/** A way from one kind of records to another. Another one is one more entry in `converters`. */
export interface Converter {
  readonly from: string
  readonly to: string
  load(): Promise<(options: ConverterOptions) => ConvertLine>
  /** What it converts. */
  rows(): Promise<readonly ConversionRow[]>
}

export const converters: readonly Converter[] = [
  {
    from: 'edx',
    to: 'xapi',
    load: async () => (await import('../edx/convert/index.ts')).createEdxToXapi,
    rows: async () => (await import('../edx/convert/rows.ts')).conversionRows
  }
]

export const findConverter = (from: string, to: string): Converter | undefined =>
  converters.find((converter) => converter.from === from && converter.to === to)
