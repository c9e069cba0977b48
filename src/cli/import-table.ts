import type { ImportRecord } from '../contracts/imports.ts'

/** One line with the result of an import. */
export const importLine = ({
  id,
  status,
  filename,
  counts,
  trouble
}: Pick<ImportRecord, 'id' | 'status' | 'filename' | 'counts' | 'trouble'>): string => {
  const { read, written, already, rejected } = counts
  const numbers = `${read} read, ${written} written, ${already} existed already, ${rejected} rejected`
  const why = trouble === undefined ? '' : `; ${trouble.code}: ${trouble.message.replaceAll('\n', ' ')}`
  return `${id}  ${status.padEnd(10)}  ${filename}: ${numbers}${why}\n`
}

/** A table, newest first. */
export const importTable = (records: readonly ImportRecord[]): string =>
  records.map((record) => `${record.created.slice(0, 19)}Z  ${importLine(record)}`).join('')
