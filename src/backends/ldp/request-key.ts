import type { AccessRule, RequestedKey } from '../../contracts/archive-source.ts'
import { RalphError } from '../../errors.ts'
import type { OvhApi } from './api.ts'

export interface KeyRequest {
  readonly rights: readonly AccessRule[]
  readonly redirection: string | undefined
  readonly signal: AbortSignal
}

/** Requests a consumer key from the API. The key is not valid until the owner of the account has confirmed it. */
export const requestKey = async (api: OvhApi, { rights, redirection, signal }: KeyRequest): Promise<RequestedKey> => {
  const asked = { accessRules: rights, ...(redirection === undefined ? {} : { redirection }) }
  const answer = await api.callUnsigned('POST', '/auth/credential', asked, signal)
  const textAt = (key: string): string | undefined => {
    const member: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, key) : undefined
    return typeof member === 'string' && member !== '' ? member : undefined
  }
  const [consumerKey, validationUrl] = [textAt('consumerKey'), textAt('validationUrl')]
  if (consumerKey === undefined || validationUrl === undefined || !/^https?:/.test(validationUrl)) {
    throw new RalphError(
      'STORE_UNAVAILABLE',
      'the API of OVH answered something else than a key and where to confirm it'
    )
  }
  return { consumerKey, validationUrl }
}
