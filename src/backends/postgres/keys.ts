import { hash } from 'node:crypto'
import type { Token } from '../../storage/batching/tokens.ts'
import type { StatementId } from '../../xapi/statement.ts'

/** A token as an index takes it: its letter and 120 bits of its digest, in the 16 bytes of a uuid. */
export const tokenKey = (token: Token): string =>
  token.charCodeAt(0).toString(16) + Buffer.from(token.slice(1), 'base64url').toString('hex')

/** A text of any length and any characters as an index takes it, in the 16 bytes of a uuid. */
export const digestOf = (text: string): string => hash('sha256', text, 'hex').slice(0, 32)

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** PostgreSQL takes other forms too, which would make one id of two. */
export const isNormalId = (id: StatementId): boolean => id.length === 36 && uuid.test(id)

export const leastId: StatementId = '00000000-0000-0000-0000-000000000000'
export const greatestId: StatementId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** A list as PostgreSQL reads arrays; only for what needs no quotes there: numbers, booleans, uuids, null. */
export const listOf = (values: readonly (string | number | boolean | null)[]): string =>
  `{${values.map((value) => value ?? 'NULL').join()}}`
