import type { Lookup, PresentStatement } from '../../storage/batching/engine.ts'
import { type Token, tokenOf } from '../../storage/batching/tokens.ts'
import type { Statement, StatementId } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Ask } from './descriptions.ts'
import { listOf } from './keys.ts'
import { prepare } from './query-text.ts'

type FoundRow = readonly [
  id: StatementId,
  /** The statement that refers to `id`. The other columns are then null. */
  referrer: StatementId | null,
  stored: Micros,
  object: StatementId | null,
  voiding: boolean,
  voided: boolean,
  inherited: string | null,
  text: string
]

const selectStatements = prepare<FoundRow>(
  'look_up',
  `SELECT id, NULL::uuid, stored, object, voiding, voided, inherited, text
   FROM statement WHERE target = $1 AND id = ANY ($2::uuid[])
   UNION ALL
   SELECT object, id, NULL, NULL, NULL, NULL, NULL, NULL
   FROM statement WHERE target = $1 AND object = ANY ($2::uuid[]) AND object IS NOT NULL`
)

/** The tokens of the statement itself. Inherited tokens are kept in another column. */
export const ownTokens = (statement: Statement): Set<Token> => {
  const tokens = new Set<Token>()
  for (const term of inheritableTerms(statement)) tokens.add(tokenOf(term))
  for (const term of ownTerms(statement)) tokens.add(tokenOf(term))
  return tokens
}

const presentOf = ([id, , stored, object, voiding, voided, inherited, text]: FoundRow): PresentStatement => {
  // It was validated before it was stored.
  const tokens = ownTokens(JSON.parse(text) as Statement)
  for (const token of inherited?.split(' ') ?? []) tokens.add(token)
  return { id, stored, text, tokens: [...tokens], target: object ?? undefined, voiding, voided }
}

const lookupOf = (rows: readonly FoundRow[]): Lookup => {
  const present = new Map<StatementId, PresentStatement>()
  const referrers = new Map<StatementId, StatementId[]>()
  for (const row of rows) {
    const [id, referrer] = row
    if (referrer === null) present.set(id, presentOf(row))
    else {
      const others = referrers.get(id)
      if (others === undefined) referrers.set(id, [referrer])
      else others.push(referrer)
    }
  }
  return { present, referrers }
}

/** Reads the statements with these ids, and the statements that refer to them. */
export const lookUp = async (ask: Ask, target: number, ids: readonly StatementId[]): Promise<Lookup> =>
  lookupOf(await ask(selectStatements(target, listOf(ids))))
