import type { RecordsBackend } from '../../contracts/data-backend.ts'
import type { ImportHandler } from '../../contracts/imports.ts'
import { RalphError } from '../../errors.ts'
import { isObject } from '../../json/values.ts'

export interface DataHandlerOptions {
  /** Of the destination. */
  readonly name: string
  /** As in `ralph write --target`. */
  readonly target: string | undefined
  readonly backend: RecordsBackend
}

/** Writes statements as records to a data backend, as `ralph write -o create`: equal existing records stay. */
export const dataHandler = ({ name, target, backend }: DataHandlerOptions): ImportHandler => ({
  name,
  judges: false,
  chunkSize: 500,
  deliver: async (statements, { signal }) => {
    if (backend.write === undefined) throw new RalphError('UNSUPPORTED_OPERATION', `${name} is read-only`)
    const records = statements.map(({ text }, line) => {
      const value: unknown = JSON.parse(text)
      // It was validated.
      return { line, text, value: isObject(value) ? value : {} }
    })
    const { written, already, rejected } = await backend.write(records, { operation: 'create', target, signal })
    return { written, already, rejected: rejected.map(({ record, reason }) => ({ index: record.line, reason })) }
  }
})
