import type { Connection } from './connect.ts'
import { type Keys, keysOf } from './keys.ts'
import type { OwnIndices, Refresh, Space } from './names.ts'

/** The places of one target. */
export interface TargetIndices {
  readonly connection: Connection
  /** The index of the statements. */
  readonly statements: string
  readonly relations: string
  readonly kept: string
  readonly space: Space
  readonly keys: Keys
  readonly refresh: Refresh | undefined
}

export const indicesOf = (
  connection: Connection,
  own: OwnIndices,
  space: Space,
  refresh: Refresh | undefined
): TargetIndices => ({ connection, ...own, statements: space.index, space, keys: keysOf(space), refresh })
