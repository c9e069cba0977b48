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

/** What a receiver made of a request. */
export type DeliveryVerdict =
  | { readonly kind: 'accepted' }
  /** It will never take all of these statements. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It may take them later. */
  | {
      readonly kind: 'trouble'
      readonly reason: string
      /** Milliseconds that it asks to be left alone for. */
      readonly wait?: number | undefined
      /** A single one of the statements may be the cause: a server that fails over it, or a body that is too long for the line. */
      readonly isPerhapsOne: boolean
    }

export interface Receiver {
  send(statements: readonly Outgoing[], body: OutgoingBody, signal: AbortSignal): Promise<DeliveryVerdict>
  /** Whether it would take statements, found out without one. */
  probe(signal: AbortSignal): Promise<DeliveryVerdict>
}

export interface ReceiverOptions {
  readonly forwarding: Forwarding
  /** Of Ralph, for the header User-Agent. */
  readonly version: string
}

/** Milliseconds. No receiver can ask for a longer rest. */
const longestRest = 3_600_000
const isSuccess = ({ status }: LrsAnswer): boolean => status >= 200 && status < 300
/** The refusal is about the statements. Some of them may be valid. */
const refusals: ReadonlySet<number> = new Set([400, 409, 413, 422])
/** The server did not get to the statements, whichever they are. */
const passing: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504])

const accepted: DeliveryVerdict = { kind: 'accepted' }

const parsed = ({ body }: LrsAnswer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Python Ralph may store the valid statements and report the others with a success. */
const isPartial = (answer: LrsAnswer): boolean => {
  const report = parsed(answer)
  return isObject(report) && Number(report.rejected) > 0
}

/** Where a receiver says that it is now. It is told to the operator, and never followed: it may lead to anywhere. */
const newPlace = ({ headers }: LrsAnswer, url: URL): string => {
  const location = headers.get('location') ?? ''
  if (!URL.canParse(location, url.href)) return ''
  const { origin, pathname } = new URL(location, url)
  return `; it is at ${origin}${pathname} now: set url to that, redirects are not followed`
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

  /** Whether the statement under this id is the one that was sent, voided or not. */
  const isThere = async ({ stored, statement, version }: Outgoing, signal: AbortSignal): Promise<boolean> => {
    for (const parameter of ['statementId', 'voidedStatementId']) {
      const one = new URL(url)
      one.searchParams.set(parameter, stored.id)
      const answer = await ask('GET', one, requestHeaders(version), signal)
      const found = answer.status === 200 ? parsed(answer) : undefined
      if (!isObject(found)) continue
      // Python Ralph answers with a list. Neither is assumed to be a valid statement.
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
      // A login page, or a portal, answers 200 to everything.
      if (!/html/i.test(answer.headers.get('content-type') ?? '')) return accepted
      return {
        kind: 'trouble',
        reason: `${place}: it answers with a page for people, not as an LRS`,
        isPerhapsOne: false
      }
    }
    const [only, ...others] = statements
    if (answer.status === 409 && only !== undefined && others.length === 0) {
      return (await isThere(only, signal)) ? accepted : refused
    }
    if (refusals.has(answer.status)) return refused
    // The user may lack a right altogether, or may not do what one statement does (void that of another user).
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
