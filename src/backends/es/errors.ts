import { errors } from '@elastic/elasticsearch'
import { RalphError } from '../../errors.ts'
import { isObject } from '../../json/values.ts'
import { givenUp, unanswered } from '../../network/time-limit.ts'

/** The refusal of a request, or of one item of a bulk request. */
export interface Refusal {
  readonly status: number
  /** For example `version_conflict_engine_exception`. */
  readonly type: string
  readonly reason: string
}

const unavailable = (message: string, cause?: unknown): RalphError =>
  new RalphError('STORE_UNAVAILABLE', message, { retryAfter: 1 }, { cause })

/** The store is unavailable, and the request was certainly not begun. */
class Busy extends RalphError {
  constructor(message: string, cause: unknown) {
    super('STORE_UNAVAILABLE', message, { retryAfter: 1 }, { cause })
  }
}

export const isBusyError = (error: unknown): boolean => error instanceof Busy

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The innermost reason is the useful one. */
const reasonOf = (error: { readonly [key: string]: unknown }): string => {
  const cause = isObject(error.caused_by) ? reasonOf(error.caused_by) : ''
  return [textOf(error.reason), cause].filter((each) => each !== '').join(': ')
}

export const refusalOf = (status: number, error: unknown): Refusal =>
  isObject(error)
    ? { status, type: textOf(error.type), reason: reasonOf(error) }
    : { status, type: '', reason: typeof error === 'string' ? error : `status ${status}` }

/** Elasticsearch will never accept a request that alone needs more memory than all writes may use. */
const isTooLarge = ({ status, reason }: Refusal): boolean => {
  const [, needed, limit] = /primary_operation_bytes=(\d+), max_primary_bytes=(\d+)/.exec(reason) ?? []
  return status === 413 || (status === 429 && Number(needed) > Number(limit))
}

/** Whether Elasticsearch had too much to do. It did not begin such a request. */
export const isBusy = (refusal: Refusal): boolean =>
  refusal.status === 429 && refusal.type !== 'cluster_block_exception' && !isTooLarge(refusal)

/** Undefined: the refusal is about the request, not about the store. */
export const asStoreError = (refusal: Refusal, cause?: unknown): RalphError | undefined => {
  const { status, type, reason } = refusal
  if (/no space left on device|disk usage exceeded|disk quota exceeded/i.test(reason)) {
    const message = `Elasticsearch cannot store anything: its disk is full (${reason})`
    return new RalphError('STORE_FULL', message, {}, { cause })
  }
  if (type === 'cluster_block_exception' && status !== 503) {
    return new RalphError('STORE_FULL', `Elasticsearch allows no writes: ${reason}`, {}, { cause })
  }
  if (isBusy(refusal)) return new Busy(`Elasticsearch has too much to do: ${reason}`, cause)
  // The error stays until somebody changes the setting.
  if (status === 401) {
    const message = `Elasticsearch refuses the user or the password: check those in HOSTS (${reason})`
    return new RalphError('STORE_UNAVAILABLE', message, {}, { cause })
  }
  if (status === 403) {
    return unavailable(`Elasticsearch refuses the credentials in HOSTS: ${reason}`, cause)
  }
  if (type === 'index_not_found_exception') return unavailable(`Elasticsearch lacks an index: ${reason}`, cause)
  if (type === 'validation_exception' && /shards/.test(reason)) {
    return new RalphError('STORE_FULL', `Elasticsearch accepts no more indices: ${reason}`, {}, { cause })
  }
  if (isTooLarge(refusal)) {
    const message =
      'what was sent is larger than Elasticsearch takes (indexing_pressure.memory.limit, http.max_content_length)'
    return new RalphError('BODY_TOO_LARGE', message, {}, { cause })
  }
  if (status >= 500 || status === 408) return unavailable(`Elasticsearch cannot serve now: ${reason}`, cause)
  return undefined
}

/** Translates an error of the driver into a RalphError. Returns any other error unchanged. */
export const translateError = (error: unknown, signal?: AbortSignal): unknown => {
  if (signal?.aborted) return signal.reason
  if (error instanceof errors.ResponseError) {
    const body: unknown = error.body
    const refusal = refusalOf(error.statusCode ?? 0, isObject(body) ? (body.error ?? body) : body)
    return asStoreError(refusal, error) ?? error
  }
  if (error instanceof errors.ProductNotSupportedError) {
    return unavailable('what answers at HOSTS is not Elasticsearch', error)
  }
  if (error instanceof errors.TimeoutError) {
    return new RalphError('STORE_UNAVAILABLE', `Elasticsearch ${unanswered}`, givenUp, { cause: error })
  }
  if (error instanceof errors.ElasticsearchClientError) {
    return unavailable(`Elasticsearch is unreachable: ${error.message}`, error)
  }
  return error
}
