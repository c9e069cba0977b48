import { createHmac } from 'node:crypto'
import { RalphError } from '../errors.ts'
import { isObject } from '../json/values.ts'
import { type LrsAnswer, statusAndMessage } from '../network/lrs-answer.ts'
import { retryAfter } from '../network/retry.ts'
import { isGivenUp } from '../network/time-limit.ts'
import type { Forwarding } from '../settings/forwardings.ts'
import { sameStatement } from '../xapi/equivalence.ts'
import type { Statement } from '../xapi/statement.ts'
import type { Version } from '../xapi/version.ts'
import { createAsking, hidingSecretsOf } from './ask.ts'
import type { Outgoing, OutgoingBody } from './request.ts'

/** The receiver's decision on a request. */
export type DeliveryVerdict =
  | { readonly kind: 'accepted' }
  /** It will never accept all of these statements. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It may accept them later. */
  | {
      readonly kind: 'trouble'
      readonly reason: string
      /** Milliseconds that the receiver asks to wait. */
      readonly wait?: number | undefined
      /** One of the statements may be the cause: it makes the server fail, or the body is too long for the connection. */
      readonly isPerhapsOne: boolean
    }

export interface Receiver {
  send(statements: readonly Outgoing[], body: OutgoingBody, signal: AbortSignal): Promise<DeliveryVerdict>
  /** Whether it would accept statements, without sending one. */
  probe(signal: AbortSignal): Promise<DeliveryVerdict>
}

export interface ReceiverOptions {
  readonly forwarding: Forwarding
  /** Version of Ralph, for the header User-Agent. */
  readonly version: string
}

/** Milliseconds. A receiver cannot ask for a longer pause. */
const longestRest = 3_600_000
const isSuccess = ({ status }: LrsAnswer): boolean => status >= 200 && status < 300
/** The refusal is about the statements. Some of them may be valid. */
const refusals: ReadonlySet<number> = new Set([400, 409, 413, 422])
/** The server did not look at the statements. */
const passing: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504])

const accepted: DeliveryVerdict = { kind: 'accepted' }

const parsed = ({ body }: LrsAnswer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Python Ralph may store the valid statements and report the others in a successful answer. */
const isPartial = (answer: LrsAnswer): boolean => {
  const report = parsed(answer)
  return isObject(report) && Number(report.rejected) > 0
}

/** The new address that the receiver names. It is shown to the operator and never followed, because it may lead anywhere. */
const newPlace = ({ headers }: LrsAnswer, url: URL): string => {
  const location = headers.get('location') ?? ''
  if (!URL.canParse(location, url.href)) return ''
  const { origin, pathname } = new URL(location, url)
  return `; its new address is ${origin}${pathname}: set url to that, redirects are not followed`
}

const adviceFor = (answer: LrsAnswer, url: URL): string => {
  const { status } = answer
  if (status === 401) return ': it rejects the credentials, check basic_username and basic_password'
  if (status === 403) return '; the user may not store statements there'
  if (status === 404 || status === 405 || status === 410) return '; is this the URL of its statements?'
  return status >= 300 && status < 400 ? newPlace(answer, url) : ''
}

export const createReceiver = ({ forwarding, version: ours }: ReceiverOptions): Receiver => {
  const { url, place, hmacSecret } = forwarding
  const hiding = hidingSecretsOf(forwarding)
  const { ask, requestHeaders, reasonOf } = createAsking(forwarding, ours)

  const failed = (error: unknown, signal: AbortSignal): DeliveryVerdict => {
    signal.throwIfAborted()
    const isSlow = error instanceof RalphError && isGivenUp(error.details)
    return { kind: 'trouble', reason: `${place}: ${hiding(reasonOf(error))}`, isPerhapsOne: isSlow }
  }

  const post = (version: Version, { contentType, body }: OutgoingBody, signal: AbortSignal): Promise<LrsAnswer> => {
    const headers = requestHeaders(version, { 'content-type': contentType })
    if (hmacSecret !== undefined) {
      headers.set('x-ralph-signature', `sha256=${createHmac('sha256', hmacSecret).update(body).digest('hex')}`)
    }
    return ask('POST', url, headers, signal, body)
  }

  const troubleOf = (answer: LrsAnswer): DeliveryVerdict => {
    const asked = retryAfter(answer.headers)
    return {
      kind: 'trouble',
      reason: `${place}: ${hiding(statusAndMessage(answer))}${adviceFor(answer, url)}`,
      wait: asked === undefined ? undefined : Math.min(asked, longestRest),
      isPerhapsOne: answer.status >= 500 && !passing.has(answer.status)
    }
  }

  /** Whether the stored statement with this id is the one that was sent, voided or not. */
  const isThere = async ({ stored, statement, version }: Outgoing, signal: AbortSignal): Promise<boolean> => {
    for (const parameter of ['statementId', 'voidedStatementId']) {
      const one = new URL(url)
      one.searchParams.set(parameter, stored.id)
      const answer = await ask('GET', one, requestHeaders(version), signal)
      const found = answer.status === 200 ? parsed(answer) : undefined
      if (!isObject(found)) continue
      // Python Ralph answers with a list. Neither form is assumed to be valid.
      const there = Array.isArray(found.statements) ? found.statements[0] : found
      if (isObject(there)) return sameStatement(statement, there as unknown as Statement)
    }
    return false
  }

  const probe: Receiver['probe'] = async (signal) => {
    try {
      const answer = await post('1.0.3', { contentType: 'application/json', body: Buffer.from('[]') }, signal)
      return isSuccess(answer) || refusals.has(answer.status) ? accepted : troubleOf(answer)
    } catch (error) {
      return failed(error, signal)
    }
  }

  const judge = async (
    statements: readonly Outgoing[],
    answer: LrsAnswer,
    signal: AbortSignal
  ): Promise<DeliveryVerdict> => {
    const refused: DeliveryVerdict = { kind: 'refused', reason: hiding(statusAndMessage(answer)) }
    if (isSuccess(answer)) {
      if (isPartial(answer)) return refused
      // A login page or a portal answers 200 to everything.
      if (!/html/i.test(answer.headers.get('content-type') ?? '')) return accepted
      return {
        kind: 'trouble',
        reason: `${place}: its answer is an HTML page, so it is not an LRS`,
        isPerhapsOne: false
      }
    }
    const [only, ...others] = statements
    if (answer.status === 409 && only !== undefined && others.length === 0) {
      return (await isThere(only, signal)) ? accepted : refused
    }
    if (refusals.has(answer.status)) return refused
    // The user may lack a right altogether, or the right for one statement (such as voiding that of another user).
    if (answer.status === 403 && (await probe(signal)).kind === 'accepted') return refused
    return troubleOf(answer)
  }

  return {
    send: async (statements, body, signal) => {
      try {
        const [first] = statements
        const answer = await post(first?.version ?? '1.0.3', body, signal)
        return await judge(statements, answer, signal)
      } catch (error) {
        return failed(error, signal)
      }
    },
    probe
  }
}
