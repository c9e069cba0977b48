import { hash } from 'node:crypto'
import type { Token } from '../../storage/batching/tokens.ts'
import type { StatementId } from '../../xapi/statement.ts'

/** The form of a token in an index: its letter and 120 bits of its digest, in the 16 bytes of a uuid. */
export const tokenKey = (token: Token): string =>
  token.charCodeAt(0).toString(16) + Buffer.from(token.slice(1), 'base64url').toString('hex')

/** The digest of any text in the form of an index: the 16 bytes of a uuid. */
export const digestOf = (text: string): string => hash('sha256', text, 'hex').slice(0, 32)

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** PostgreSQL accepts other forms of an id too. With them one id would have two forms. */
export const isNormalId = (id: StatementId): boolean => id.length === 36 && uuid.test(id)

export const leastId: StatementId = '00000000-0000-0000-0000-000000000000'
export const greatestId: StatementId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** A list in the form of a PostgreSQL array. Only for values that need no quotes: numbers, booleans, uuids, null. */
export const listOf = (values: readonly (string | number | boolean | null)[]): string =>
  `{${values.map((value) => value ?? 'NULL').join()}}`
