import { type ErrorCode, RalphError } from '../../errors.ts'
import { type LrsAnswer, statusAndMessage } from '../../network/lrs-answer.ts'
import { networkReason, retryAfter } from '../../network/retry.ts'
import { unreachable } from '../../network/unreachable.ts'

const place = (url: URL): string => `${url.origin}${url.pathname}`

export const outOfReach = (url: URL, error: unknown): RalphError =>
  unreachable(error, url.origin) ??
  new RalphError('STORE_UNAVAILABLE', `${url.origin} is unreachable: ${networkReason(error)}`, {}, { cause: error })

const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [400, 'INVALID_QUERY'],
  [401, 'UNAUTHENTICATED'],
  [403, 'FORBIDDEN'],
  [404, 'NOT_FOUND'],
  [405, 'NOT_FOUND'],
  [422, 'INVALID_QUERY'],
  [507, 'STORE_FULL']
])

const adviceFor = (answer: LrsAnswer, url: URL): string => {
  const { status, headers } = answer
  if (status === 403) return '; the user does not have the right to do that'
  if (status === 404 || status === 405) return '; is this the path of its statements?'
  const location = headers.get('location')
  if (status < 300 || status > 399 || location === null) return ''
  return `; it is at ${URL.canParse(location, url.href) ? place(new URL(location, url)) : 'another place'} now`
}

/** The message of an LRS for a 401 has no more information than the status. */
const sentenceFor = (answer: LrsAnswer, url: URL): string =>
  answer.status === 401
    ? `the LRS at ${place(url)} rejects the credentials (401): check --lrs-username and --lrs-password, or RALPH_BACKENDS__DATA__LRS__USERNAME and …__PASSWORD`
    : `the LRS answered ${statusAndMessage(answer)} (${place(url)})${adviceFor(answer, url)}`

/** The error for an answer that is neither the expected one nor about a single statement. */
export const failureOf = (answer: LrsAnswer, url: URL): RalphError => {
  const asked = retryAfter(answer.headers)
  const later = asked === undefined ? '' : `; try again in ${Math.ceil(asked / 1000)} s`
  return new RalphError(codes.get(answer.status) ?? 'STORE_UNAVAILABLE', `${sentenceFor(answer, url)}${later}`, {
    status: answer.status
  })
}
