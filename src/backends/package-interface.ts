/**
 * What a package `ralph-backend-<name>` is built with, as `ralph-lrs/backend`:
 *
 *     import { defineData, kinds, parameter, RalphError } from 'ralph-lrs/backend'
 *
 *     export const backend = defineData({
 *       name: 'shelf',
 *       summary: 'records on a shelf',
 *       capabilities: {
 *         moves: 'records', list: false, read: true, write: [], delete: false, history: false,
 *         query: 'none', target: 'a board of the shelf'
 *       },
 *       parameters: {
 *         height: parameter('HEIGHT', { kind: kinds.integer(1, 9), default: 1, description: 'Which board.' })
 *       },
 *       open: async ({ height }, { clock, log }) => ({
 *         moves: 'records',
 *         status: async () => ({ state: 'ok' }),
 *         read: async function* () { yield { lines: [JSON.stringify({ height })] } },
 *         close: async () => {}
 *       })
 *     })
 *
 * `ralph read -b shelf` finds it, with the flag `--shelf-height` and the variable `RALPH_BACKENDS__DATA__SHELF__HEIGHT`.
 * What `open` gives is a `RecordsBackend` or a `BytesBackend`, whose rules stand in src/contracts/data-backend.ts. Its
 * errors are `RalphError`s with the codes that are named there.
 */
import type { BackendDefinition } from '../contracts/backend-definition.ts'
import type { SettingsGroup } from '../settings/define.ts'
import { type DataDeclaration, defineBackend } from './define.ts'

export type { BackendDefinition, DataContext } from '../contracts/backend-definition.ts'
export type * from '../contracts/data-backend.ts'
export type { BackendStatus } from '../contracts/lrs-backend.ts'
export { type ErrorCode, RalphError } from '../errors.ts'
export { parameter } from '../settings/define.ts'
export * as kinds from '../settings/kinds.ts'
export type { DataDeclaration } from './define.ts'

/** A backend that has the role of a data backend, and no other. */
export const defineData = <Parameters extends SettingsGroup>({
  name,
  aliases = [],
  ...data
}: DataDeclaration<Parameters> & { readonly name: string; readonly aliases?: readonly string[] }): BackendDefinition =>
  defineBackend({ name, aliases, data })
