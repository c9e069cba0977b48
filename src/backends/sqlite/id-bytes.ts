import type { StatementId } from '../../xapi/statement.ts'

/** The 16 bytes of a UUID. They need less than half of the room of its text, in an index that every statement is looked up in. */
export const bytesOfId = (id: StatementId): Uint8Array => Buffer.from(id.replaceAll('-', ''), 'hex')

/** The normalized UUID of 16 bytes. */
export const idOfBytes = (bytes: Uint8Array): StatementId => {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
