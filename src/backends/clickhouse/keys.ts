import type { Token } from '../../storage/batching/tokens.ts'
import type { StatementId } from '../../xapi/statement.ts'

/**
 * The form of keys in the tables. Ids are 16 bytes, first digit first, so they sort like their text. The UUID of ClickHouse sorts
 * differently. A key that a statement is found by is a letter and 16 bytes: the digest of a token (126 bits, then two bits 0), or the id
 * itself for two letters that no token has.
 */
export const idLength = 16
export const keyLength = 17

/** Finds a statement by its id. */
export const ofItself = 'i'.charCodeAt(0)
/** Finds the statements whose Object is a StatementRef to the id. */
export const ofReferrers = 'o'.charCodeAt(0)

/** The bytes of a normalized id. */
export const bytesOfId = (id: StatementId): Buffer => Buffer.from(id.replaceAll('-', ''), 'hex')

export const idOfBytes = (bytes: Buffer): StatementId => {
  const digits = bytes.toString('hex')
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`
}

/** A UUID in RowBinary: two numbers of eight bytes, each with its last byte first. */
export const uuidOfBytes = (bytes: Buffer): Buffer => {
  const uuid = Buffer.from(bytes)
  uuid.subarray(0, 8).reverse()
  uuid.subarray(8).reverse()
  return uuid
}

export const keyOfToken = (token: Token): Buffer => {
  const key = Buffer.allocUnsafe(keyLength)
  key[0] = token.charCodeAt(0)
  // 21 letters of six bits are two bits short of 16 bytes.
  key.write(`${token.slice(1)}A`, 1, idLength, 'base64url')
  return key
}

export const tokenOfKey = (key: Buffer): Token =>
  `${String.fromCharCode(key[0] ?? 0)}${key.subarray(1).toString('base64url').slice(0, 21)}`

export const keyOfId = (letter: number, id: Uint8Array): Buffer => {
  const key = Buffer.allocUnsafe(keyLength)
  key[0] = letter
  key.set(id, 1)
  return key
}
