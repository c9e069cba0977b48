import { S3ServiceException } from '@aws-sdk/client-s3'
import { type ErrorCode, RalphError } from '../../errors.ts'
import { isPassingNetworkError, unreachable } from '../../network/unreachable.ts'
import { formatPlace } from '../../records/object-place.ts'

/** The subject of a request. Without a name it was the bucket. */
export interface RequestSubject {
  readonly url: string
  readonly container: string
  readonly name?: string
}

const variables = 'RALPH_BACKENDS__DATA__S3__'
const nameOf = ({ container, name }: RequestSubject): string =>
  name === undefined ? `bucket ${container}` : formatPlace({ container, name })

interface Known {
  readonly code: ErrorCode
  readonly message: (about: RequestSubject) => string
}

const rejectedKey = `the server rejects the credentials: check ${variables}ACCESS_KEY_ID and ${variables}SECRET_ACCESS_KEY`
const expired = `the session token has expired or is wrong: get new temporary credentials and set ${variables}SESSION_TOKEN`

const known: { readonly [name: string]: Known } = {
  NoSuchBucket: {
    code: 'NOT_FOUND',
    message: ({ container }) => `bucket ${container} does not exist: create it, or name another one`
  },
  NoSuchKey: { code: 'NOT_FOUND', message: (about) => `${nameOf(about)} is not there` },
  NotFound: { code: 'NOT_FOUND', message: (about) => `${nameOf(about)} is not there` },
  AccessDenied: { code: 'FORBIDDEN', message: (about) => `${nameOf(about)}: the credentials do not allow that` },
  SignatureDoesNotMatch: {
    code: 'UNAUTHENTICATED',
    message: () => `the server rejects the signature: check ${variables}SECRET_ACCESS_KEY`
  },
  InvalidAccessKeyId: { code: 'UNAUTHENTICATED', message: () => rejectedKey },
  ExpiredToken: { code: 'UNAUTHENTICATED', message: () => expired },
  ExpiredTokenException: { code: 'UNAUTHENTICATED', message: () => expired },
  InvalidToken: { code: 'UNAUTHENTICATED', message: () => expired },
  TokenRefreshRequired: { code: 'UNAUTHENTICATED', message: () => expired },
  RequestTimeTooSkewed: {
    code: 'UNAUTHENTICATED',
    message: () => 'the clock of this machine is too far from that of the server: set it right'
  },
  InvalidBucketName: { code: 'INVALID_QUERY', message: ({ container }) => `${container} cannot name a bucket` },
  KeyTooLongError: { code: 'INVALID_QUERY', message: (about) => `${nameOf(about)}: a key has at most 1024 bytes` },
  PermanentRedirect: {
    code: 'INVALID_SETTING',
    message: ({ container }) => `bucket ${container} is in another region: set ${variables}DEFAULT_REGION`
  },
  AuthorizationHeaderMalformed: {
    code: 'INVALID_SETTING',
    message: ({ container }) => `bucket ${container} is in another region: set ${variables}DEFAULT_REGION`
  },
  EntityTooLarge: { code: 'STORE_FULL', message: (about) => `${nameOf(about)} is larger than the server takes` },
  QuotaExceeded: { code: 'STORE_FULL', message: ({ url }) => `${url}: the quota is used up` }
}

const byStatus = (status: number, name: string): Known => {
  const said = (about: RequestSubject): string => `${nameOf(about)}: the server answers ${status} ${name}`
  if (status === 401) return { code: 'UNAUTHENTICATED', message: () => rejectedKey }
  if (status === 403) return known.AccessDenied ?? { code: 'FORBIDDEN', message: said }
  if (status === 404) return { code: 'NOT_FOUND', message: (about) => `${nameOf(about)} is not there` }
  if (status === 507) return { code: 'STORE_FULL', message: said }
  return {
    code: status >= 500 || status === 429 || status < 400 ? 'STORE_UNAVAILABLE' : 'INVALID_QUERY',
    message: said
  }
}

const statusOf = (error: unknown): number | undefined => {
  if (error instanceof S3ServiceException) return error.$metadata.httpStatusCode
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined
  const { httpStatusCode } = error.$metadata as { httpStatusCode?: unknown }
  return typeof httpStatusCode === 'number' ? httpStatusCode : undefined
}

/** The status of an answer and the name of its error. */
export const isAnswer = (error: unknown, status: number): boolean => statusOf(error) === status

/** How often the driver has sent the failed request. */
export const attemptsOf = (error: unknown): number =>
  error instanceof S3ServiceException ? (error.$metadata.attempts ?? 1) : 1

export const isPassing = (error: unknown): boolean => {
  if (error instanceof RalphError) return false
  const status = statusOf(error)
  return status === undefined ? isPassingNetworkError(error) : status >= 500 || status === 429
}

/** No error of the driver leaves the backend. */
export const translateError = (error: unknown, about: RequestSubject): unknown => {
  if (error instanceof RalphError) return error
  const network = unreachable(error, about.url)
  if (network !== undefined) return network
  if (!(error instanceof Error)) return error
  const status = statusOf(error)
  const found = known[error.name] ?? (status === undefined ? undefined : byStatus(status, error.name))
  if (found !== undefined) return new RalphError(found.code, found.message(about), { ...about }, { cause: error })
  if (error.name === 'CredentialsProviderError') {
    const message = `no credentials: set ${variables}ACCESS_KEY_ID and ${variables}SECRET_ACCESS_KEY, or what AWS's own tools use`
    return new RalphError('UNAUTHENTICATED', message, {}, { cause: error })
  }
  if (error.message === 'Region is missing') {
    return new RalphError('INVALID_SETTING', `no region: set ${variables}DEFAULT_REGION`, {}, { cause: error })
  }
  return error
}
