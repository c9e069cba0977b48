import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { RalphError } from '../../errors.ts'

export interface S3Access {
  readonly accessKeyId: string | undefined
  readonly secretAccessKey: string | undefined
  readonly sessionToken: string | undefined
  readonly region: string | undefined
  readonly endpoint: string | undefined
  /** Milliseconds without a byte after which a request is given up. */
  readonly timeout: number
}

const variables = 'RALPH_BACKENDS__DATA__S3__'

const credentialsOf = ({ accessKeyId, secretAccessKey, sessionToken }: S3Access): S3ClientConfig => {
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } }
  }
  if (accessKeyId === undefined && secretAccessKey === undefined && sessionToken === undefined) return {}
  throw new RalphError(
    'INVALID_SETTING',
    `${variables}ACCESS_KEY_ID and ${variables}SECRET_ACCESS_KEY go together, with or without ${variables}SESSION_TOKEN: set both or none`
  )
}

/** Other servers do not know the checksums that the driver would add, and do not accept buckets as host names. */
const endpointOf = ({ endpoint, region }: S3Access): S3ClientConfig =>
  endpoint === undefined
    ? { followRegionRedirects: true, ...(region === undefined ? {} : { region }) }
    : {
        endpoint,
        region: region ?? 'us-east-1',
        forcePathStyle: true,
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED'
      }

/** Throws `INVALID_SETTING` when only half of the credentials is set. */
export const createS3Client = (access: S3Access): S3Client =>
  new S3Client({
    ...credentialsOf(access),
    ...endpointOf(access),
    maxAttempts: 4,
    requestHandler: { connectionTimeout: Math.min(access.timeout, 10_000), socketTimeout: access.timeout }
  })
