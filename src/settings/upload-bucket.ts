import type { UploadBucket } from './settings.ts'

/** Without what is not set. */
export const definedOnly = <Value extends object>(value: Value): { [Key in keyof Value]?: NonNullable<Value[Key]> } =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [Key in keyof Value]?: NonNullable<Value[Key]>
  }

/**
 * The bucket that a target names: `s3://HOST/BUCKET/PREFIX`, whose host is the server; `s3::http://HOST/BUCKET/PREFIX` for one without
 * TLS; `s3://BUCKET` on the server of the backend s3. Undefined: it names none.
 */
export const bucketOf = (target: string): UploadBucket | undefined => {
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
