import { setting } from './define.ts'
import { text } from './kinds.ts'
import type { BucketPlace } from './settings.ts'

/**
 * The settings that override those of the backend s3 for one use of it.
 * @param block prefix of the names, such as `UPLOADMANAGER`
 * @param flag prefix of the flags
 * @param use for the descriptions, such as `uploads`
 */
export const bucketAccess = (block: string, flag: string, use: string) => ({
  s3AccessKeyId: setting(`${block}__S3_ACCESS_KEY_ID`, {
    kind: text,
    default: undefined,
    defaultText: 'that of the backend s3',
    flag: `${flag}-s3-access-key-id`,
    description: `Access key for a bucket of ${use}, if it differs from that of the backend s3.`,
    secret: true
  }),
  s3SecretAccessKey: setting(`${block}__S3_SECRET_ACCESS_KEY`, {
    kind: text,
    default: undefined,
    defaultText: 'that of the backend s3',
    flag: `${flag}-s3-secret-access-key`,
    description: 'Secret of that access key.',
    secret: true
  }),
  s3SessionToken: setting(`${block}__S3_SESSION_TOKEN`, {
    kind: text,
    default: undefined,
    flag: `${flag}-s3-session-token`,
    description: 'Session token of that access key; only temporary credentials have one.',
    secret: true
  }),
  s3Region: setting(`${block}__S3_REGION`, {
    kind: text,
    default: undefined,
    defaultText: 'that of the backend s3',
    flag: `${flag}-s3-region`,
    description: `Region of the bucket of ${use}.`
  })
})

interface GivenAccess {
  readonly s3AccessKeyId: string | undefined
  readonly s3SecretAccessKey: string | undefined
  readonly s3SessionToken: string | undefined
  readonly s3Region: string | undefined
}

/** The values of `bucketAccess` that are set. */
export const accessOf = (given: GivenAccess): BucketPlace['access'] =>
  definedOnly({
    accessKeyId: given.s3AccessKeyId,
    secretAccessKey: given.s3SecretAccessKey,
    sessionToken: given.s3SessionToken,
    region: given.s3Region
  })

/** Without what is not set. */
const definedOnly = <Value extends object>(value: Value): { [Key in keyof Value]?: NonNullable<Value[Key]> } =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [Key in keyof Value]?: NonNullable<Value[Key]>
  }

/**
 * The bucket in a target: `s3://HOST/BUCKET/PREFIX`, where the host is the server; `s3::http://HOST/BUCKET/PREFIX` without TLS;
 * `s3://BUCKET` on the server of the backend s3. Undefined: the target is not a bucket.
 */
export const bucketOf = (target: string): BucketPlace | undefined => {
  const url = URL.parse(target.replace(/^s3::(?=https?:)/, ''))
  const isForced = /^s3::https?:/.test(target)
  if (url === null || !(url.protocol === 's3:' || isForced) || url.search !== '' || url.username !== '')
    return undefined
  const [bucket = '', ...folders] = url.pathname.split('/').filter((part) => part !== '')
  if (url.host === '' || url.pathname.includes('%')) return undefined
  if (bucket === '') return isForced ? undefined : { bucket: url.host, prefix: '', access: {} }
  const endpoint = isForced ? url.origin : `https://${url.host}`
  return { bucket, prefix: folders.map((folder) => `${folder}/`).join(''), access: { endpoint } }
}
