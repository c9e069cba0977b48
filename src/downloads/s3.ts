import { RalphError } from '../errors.ts'
import { type DownloadSource, withoutCredentials } from './source.ts'

/** What a URL says about the server. It overrides the settings of the S3 backend. */
export interface S3Overrides {
  readonly endpoint?: string
  readonly region?: string
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  readonly sessionToken?: string
}

interface S3Object {
  readonly bucket: string
  readonly key: string
  readonly overrides: S3Overrides
}

const parameters = {
  region: 'region',
  accessKeyId: 'aws_access_key_id',
  secretAccessKey: 'aws_access_key_secret',
  sessionToken: 'aws_access_token'
} as const

/** `s3.amazonaws.com`, `s3.eu-west-3.amazonaws.com`, `s3-eu-west-3.amazonaws.com`, each with or without the bucket before it. */
const amazon = /^(?:(.+)\.)?s3(?:[.-]([a-z0-9-]+))?\.amazonaws\.com$/

/**
 * The object of a URL: `s3://bucket/key` on the configured server, `s3::https://host/bucket/key` on another one, and the
 * addresses of Amazon. Throws `INVALID_QUERY`.
 */
export const objectOf = ({ url }: Pick<DownloadSource, 'url'>): S3Object => {
  const given = Object.fromEntries(
    Object.entries(parameters).flatMap(([name, parameter]) => {
      const value = url.searchParams.get(parameter)
      return value === null ? [] : [[name, value]]
    })
  )
  const path = decodeURIComponent(url.pathname.slice(1))
  const [first = '', ...rest] = path.split('/')
  const inPath = { bucket: first, key: rest.join('/') }
  const [isAmazon, named, region] = amazon.exec(url.hostname) ?? []
  const place =
    url.protocol === 's3:'
      ? { bucket: url.hostname, key: path, overrides: given }
      : isAmazon === undefined
        ? { ...inPath, overrides: { endpoint: url.origin, ...given } }
        : {
            ...(named === undefined ? inPath : { bucket: named, key: path }),
            overrides: { ...(region === undefined ? {} : { region }), ...given }
          }
  if (place.bucket !== '' && place.key !== '' && !place.key.endsWith('/')) return place
  throw new RalphError(
    'INVALID_QUERY',
    `${withoutCredentials(url.href)}: expected s3://BUCKET/KEY or s3::https://HOST/BUCKET/KEY`
  )
}
