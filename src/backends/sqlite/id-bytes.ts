import type { StatementId } from '../../xapi/statement.ts'

/** The 16 bytes of a UUID: less than half of its text, in an index that is looked up for every statement. */
export const bytesOfId = (id: StatementId): Uint8Array => Buffer.from(id.replaceAll('-', ''), 'hex')

/** The normalised UUID of 16 bytes. */
export const idOfBytes = (bytes: Uint8Array): StatementId => {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
