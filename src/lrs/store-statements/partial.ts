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
  /** The ids of the stored statements, in the order of the batch. */
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
  // If the statement is not at fault, e.g. with a full disk, the whole request fails.
  if (error.code !== 'FORBIDDEN' && !/^(INVALID|STATEMENT)_/.test(error.code)) throw error
  const { problems } = error.details
  return { index, code: error.code, reason: error.message, ...(problems === undefined ? {} : { problems }) }
}

/**
 * Ralph's extension of POST /statements (`partialSuccess`, `ignoreInvalid`): each statement is stored by itself, so an invalid one does not
 * stop the others. They keep their order. No statement waits for an earlier one to be durable.
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
    // The error is reported below, when the result is awaited.
    outcome.catch(() => {})
    storing.push(outcome)
    await turns.rest()
  }
  const outcomes = await Promise.all(storing)
  const ids = outcomes.filter((outcome) => typeof outcome === 'string')
  const errors = withFewProblems(outcomes.filter((outcome) => typeof outcome !== 'string'))
  return { inserted: ids.length, rejected: errors.length, ids, errors }
}

/**
 * The most problems that a report explains. Further statements only have their reason; otherwise the answer could be larger than the
 * request.
 */
const mostProblems = 100

const withFewProblems = (errors: readonly PartialError[]): readonly PartialError[] => {
  let left = mostProblems
  return errors.map(({ problems, ...error }) => {
    if (problems === undefined || left <= 0) return error
    left -= problems.length
    return { ...error, problems }
  })
}

/** The parts that this statement names. A part that no statement names is not stored. */
const partsOf = ({ statement }: ValidStatement, parts: ReadonlyMap<string, AttachmentContent>): AttachmentContent[] =>
  parts.size === 0 ? [] : [...namedDigests(statement)].flatMap((sha2) => parts.get(sha2) ?? [])
