import type { DeliveredStatement, DeliveryReport, ImportHandler, ImportUser } from '../../contracts/imports.ts'
import type { LrsBackend } from '../../contracts/lrs-backend.ts'
import { RalphError } from '../../errors.ts'
import { isScope, type Principal, rulesFor } from '../../identity/principal.ts'
import type { Call, LrsRules } from '../../lrs/call.ts'
import { storeStatements } from '../../lrs/store-statements/index.ts'
import type { Version } from '../../xapi/version.ts'

export interface LrsHandlerOptions {
  /** Opened when the first statement is delivered. */
  readonly backend: () => Promise<LrsBackend>
  readonly rules: LrsRules
  readonly newId: () => string
}

/** The user of statements that the operator imports without `--user`. Authorities in the statements stay. */
const operator: ImportUser = {
  username: 'ralph import',
  agent: { objectType: 'Agent', account: { homePage: 'http://localhost', name: 'ralph import' } },
  scopes: ['all']
}

const principalOf = ({ username, agent, scopes, target, isScoped }: ImportUser): Principal => ({
  username,
  agent,
  scopes: scopes.filter(isScope),
  ...(target === undefined ? {} : { target }),
  ...(isScoped === true ? { isScoped } : {})
})

/** Errors about the statements. All other errors have nothing to do with them. */
const verdicts: ReadonlySet<string> = new Set([
  'INVALID_JSON',
  'INVALID_STATEMENT',
  'INVALID_ATTACHMENT',
  'INVALID_SIGNATURE',
  'STATEMENT_CONFLICT',
  'FORBIDDEN',
  'BODY_TOO_LARGE'
])

interface Item extends DeliveredStatement {
  /** In the chunk. */
  readonly index: number
}

interface Outcome {
  written: number
  already: number
  readonly rejected: { readonly index: number; readonly reason: string }[]
}

const saysVersion2 = /"version"\s*:\s*"2\./

/** The version that a statement declares. Few statements must be parsed to find it. */
const versionOf = ({ text }: Item): Version => {
  if (!saysVersion2.test(text)) return '1.0.3'
  const { version }: { readonly version?: unknown } = JSON.parse(text)
  return typeof version === 'string' && version.startsWith('2.') ? '2.0.0' : '1.0.3'
}

/**
 * Groups of items that can be stored one after the other. A group never has two statements with one id, because such a request is
 * refused as a whole. All statements of a group have the same version.
 */
const groupsOf = (
  items: readonly Item[]
): readonly { readonly version: Version; readonly items: readonly Item[] }[] => {
  const seen = new Map<string, number>()
  const groups = new Map<string, { readonly version: Version; readonly items: Item[] }>()
  for (const item of items) {
    const version = versionOf(item)
    const before = item.id === '' ? 0 : (seen.get(item.id) ?? 0)
    seen.set(item.id, before + 1)
    const key = `${String(before).padStart(9, '0')} ${version}`
    const group = groups.get(key) ?? { version, items: [] }
    group.items.push(item)
    groups.set(key, group)
  }
  return [...groups].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => group)
}

/** Stores statements as a request would. If that is refused, finds the invalid ones by storing halves. */
const storeAll = async (call: Call, items: readonly Item[], outcome: Outcome): Promise<void> => {
  const [first] = items
  if (first === undefined) return
  call.signal.throwIfAborted()
  try {
    const json = Buffer.from(`[${items.map(({ text }) => text).join(',')}]`)
    const { ids, inserted } = await storeStatements(call, { json, attachments: [] })
    outcome.written += inserted.length
    outcome.already += ids.length - inserted.length
  } catch (error) {
    if (!(error instanceof RalphError) || !verdicts.has(error.code)) throw error
    if (items.length === 1) {
      outcome.rejected.push({ index: first.index, reason: `${error.code}: ${error.message}` })
      return
    }
    const half = Math.ceil(items.length / 2)
    await storeAll(call, items.slice(0, half), outcome)
    await storeAll(call, items.slice(half), outcome)
  }
}

/**
 * Statements are stored as by POST /xAPI/statements: with the same rules, in the same store, with the same result for existing
 * ones.
 */
export const lrsHandler = ({ backend, rules, newId }: LrsHandlerOptions): ImportHandler => ({
  name: 'lrs',
  judges: true,
  chunkSize: Math.min(500, rules.maxStatements),
  deliver: async (statements, { user, signal }): Promise<DeliveryReport> => {
    const principal = principalOf(user ?? operator)
    // Where users are kept apart and scopes are not enforced, no user acts for another. The operator does.
    const rulesOfUser = user === undefined ? { ...rules, restrictByScopes: true } : rulesFor(principal, rules)
    const store = await (await backend()).store(principal.target)
    const outcome: Outcome = { written: 0, already: 0, rejected: [] }
    const items = statements.map((each, index) => ({ ...each, index }))
    for (const group of groupsOf(items)) {
      const call: Call = { principal, version: group.version, store, rules: rulesOfUser, newId, signal }
      await storeAll(call, group.items, outcome)
    }
    return outcome
  }
})
