import { silenceParameter } from '../../network/time-limit.ts'
import { parameter } from '../../settings/define.ts'
import { size, text, url } from '../../settings/kinds.ts'

export const s3Parameters = {
  accessKeyId: parameter('ACCESS_KEY_ID', {
    kind: text,
    default: undefined,
    defaultText: "what AWS's own tools use",
    description: 'Access key. The default comes from the AWS_ variables, ~/.aws, or the role of the machine.',
    secret: true
  }),
  secretAccessKey: parameter('SECRET_ACCESS_KEY', {
    kind: text,
    default: undefined,
    defaultText: "what AWS's own tools use",
    description: 'Secret of the access key.',
    secret: true
  }),
  sessionToken: parameter('SESSION_TOKEN', {
    kind: text,
    default: undefined,
    description: 'Session token. Only temporary credentials have one.',
    secret: true
  }),
  region: parameter('DEFAULT_REGION', {
    kind: text,
    default: undefined,
    defaultText: "what AWS's own tools use; with an endpoint us-east-1",
    description: 'Region of the bucket.'
  }),
  bucket: parameter('DEFAULT_BUCKET_NAME', {
    kind: text,
    default: undefined,
    description: 'Bucket to use when the command names none.'
  }),
  endpoint: parameter('ENDPOINT_URL', {
    kind: url,
    default: undefined,
    defaultText: 'Amazon',
    description: 'URL of another server with the S3 API. The bucket is then a part of the path.'
  }),
  timeout: silenceParameter('the storage', 120_000),
  writeChunkSize: parameter('WRITE_CHUNK_SIZE', {
    kind: size(0, 2 ** 30),
    default: 2 ** 23,
    defaultText: '8MiB',
    description: 'Size of the first parts of a large object. S3 requires at least 5MiB. Later parts are larger.'
  })
}
