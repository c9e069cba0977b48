import type { AttachmentContent } from '../../contracts/statement-store.ts'
import { type Problem, RalphError } from '../../errors.ts'
import { namedDigests } from '../../xapi/attachments.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Call } from '../call.ts'
import { createYielder, mapYielding } from '../yielding.ts'
import type { SentStatements } from './index.ts'
import { boundInheritance } from './inheritance.ts'
import { readStatements } from './read.ts'
import { duplicates } from './reject-duplicate-ids.ts'
import { store } from './store.ts'
import { invalidStatements, type StatementValidation, type ValidStatement, validateText } from './validate.ts'

export interface PartialReport {
  readonly inserted: number
  readonly rejected: number
  /** Ids of the statements that are stored, in the order of the batch. */
  readonly ids: readonly StatementId[]
  readonly errors: readonly PartialError[]
}

export interface PartialError {
  readonly index: number
  readonly code: RalphError['code']
  readonly reason: string
  readonly problems?: readonly Problem[]
}

type Outcome = StatementId | PartialError

const failed = (index: number, error: unknown): PartialError => {
  if (!(error instanceof RalphError)) throw error
  // What is no fault of this statement, e.g. a full disk, is the failure of the request.
  if (error.code !== 'FORBIDDEN' && !/^(INVALID|STATEMENT)_/.test(error.code)) throw error
  const { problems } = error.details
  return { index, code: error.code, reason: error.message, ...(problems === undefined ? {} : { problems }) }
}

/**
 * Ralph's extension to POST /statements (`partialSuccess`, `ignoreInvalid`): each statement is stored by itself, so
 * that a wrong one does not hold up the others. They keep their order, and none waits until one before it is durable.
 */
export const storePartially = async (call: Call, sent: SentStatements): Promise<PartialReport> => {
  const judged = await mapYielding(await readStatements(sent.json, call.rules), (each) =>
    validateText(each, sent.json, call.version)
  )
  const shareInheritance = boundInheritance(call.rules.maxInheritedTerms)
  const parts = new Map(sent.attachments.map((part) => [part.sha2, part]))
  const repeated = new Set(duplicates(judged.filter((each) => 'statement' in each)))

  const storeOne = async (each: StatementValidation): Promise<Outcome> => {
    try {
      if (!('statement' in each)) throw invalidStatements(each.problems, each.excess)
      if (repeated.has(each.index)) {
        throw new RalphError('INVALID_STATEMENT', 'An earlier statement of the list has the same id.')
      }
      const report = await store(call, [each], partsOf(each, parts), shareInheritance())
      const [id] = report.ids
      if (id === undefined) throw new RalphError('INTERNAL', 'A stored statement has no id.')
      return id
    } catch (error) {
      return failed(each.index, error)
    }
  }

  const storing: Promise<Outcome>[] = []
  const turns = createYielder()
  for (const each of judged) {
    const outcome = storeOne(each)
    // What fails while others have their turn is told below.
    outcome.catch(() => {})
    storing.push(outcome)
    await turns.rest()
  }
  const outcomes = await Promise.all(storing)
  const ids = outcomes.filter((outcome) => typeof outcome === 'string')
  const errors = withFewProblems(outcomes.filter((outcome) => typeof outcome !== 'string'))
  return { inserted: ids.length, rejected: errors.length, ids, errors }
}

/** Problems that a report spells out: beyond them each statement has its reason alone, or the answer outgrows the request. */
const mostProblems = 100

const withFewProblems = (errors: readonly PartialError[]): readonly PartialError[] => {
  let left = mostProblems
  return errors.map(({ problems, ...error }) => {
    if (problems === undefined || left <= 0) return error
    left -= problems.length
    return { ...error, problems }
  })
}

/** The parts that this statement names; what nobody names is not stored. */
const partsOf = ({ statement }: ValidStatement, parts: ReadonlyMap<string, AttachmentContent>): AttachmentContent[] =>
  parts.size === 0 ? [] : [...namedDigests(statement)].flatMap((sha2) => parts.get(sha2) ?? [])
