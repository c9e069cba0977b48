import { ClickHouseError } from '@clickhouse/client'
import { type ErrorCode, RalphError } from '../../../errors.ts'
import { noDatabase, refusedUser } from '../errors.ts'

/** Errors of the server by number (ErrorCodes.cpp) that mean something else to a command than to our server. */
const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [60, 'NOT_FOUND'],
  [81, 'NOT_FOUND'],
  [115, 'INVALID_SETTING'],
  [192, 'UNAUTHENTICATED'],
  [193, 'UNAUTHENTICATED'],
  [194, 'UNAUTHENTICATED'],
  [497, 'FORBIDDEN'],
  [516, 'UNAUTHENTICATED']
])

/** Errors of storage, load and network. They mean the same to a command and to our server. */
const ofTheServer: ReadonlySet<number> = new Set([
  75, 76, 159, 164, 202, 209, 210, 236, 241, 242, 243, 252, 279, 319, 394, 999, 1000, 1001, 1002
])

const refusals: ReadonlySet<number> = new Set([192, 193, 194, 516])

/** What is wrong and what to do about it, in the words of `ralph runserver`. `who` names the server. */
const tell = (number: number, who: string, said: string, url: string): string => {
  // The words of servers with and without the analyzer.
  const name = /(?:(?:Table|Database) `?|identifier ')([^\s`']+?)[`']? (?:does not exist|doesn't exist|in scope)/.exec(
    said
  )?.[1]
  if (number === 60 && name !== undefined) {
    return `${who} has no table ${name}: \`ralph write\` makes it, \`ralph list\` names those that are there`
  }
  if (number === 81 && name !== undefined) return noDatabase(url, name, undefined).message
  return refusals.has(number) ? `${who}: ${refusedUser} (${said})` : `${who}: ${said}`
}

/** The error of a command for a failed request. `wrong` is the code for a mistake in the request itself. */
export const asError = (
  error: unknown,
  wrong: 'INVALID_QUERY' | 'STORE_UNAVAILABLE' = 'STORE_UNAVAILABLE'
): unknown => {
  if (!(error instanceof RalphError) || !(error.cause instanceof ClickHouseError)) return error
  const number = Number(error.cause.code)
  const code = codes.get(number) ?? (ofTheServer.has(number) ? undefined : wrong)
  if (code === undefined) return error
  const { clickhouse, database } = error.details
  const [who = ''] = error.message.split(': ')
  const isTold = database !== undefined || !codes.has(number)
  const [said = ''] = error.cause.message.trim().split('\n')
  const message = isTold ? error.message : tell(number, who, said, who.replace('ClickHouse at ', ''))
  return new RalphError(code, message, { clickhouse }, { cause: error.cause })
}

export const asking = async <Result>(
  work: () => Promise<Result>,
  wrong?: 'INVALID_QUERY' | 'STORE_UNAVAILABLE'
): Promise<Result> => {
  try {
    return await work()
  } catch (error) {
    throw asError(error, wrong)
  }
}
