import { isAbsolute, join, relative, resolve } from 'node:path'
import { accessOf, bucketAccess, bucketOf } from './bucket-place.ts'
import { setting } from './define.ts'
import { list, text } from './kinds.ts'
import { loadGeneral, loadImports, loadUploads } from './load.ts'
import { createReader } from './read.ts'
import type { StorePlace, StoreSettings } from './settings.ts'
import type { Sources } from './sources.ts'

/** The file store: the block `store` of the configuration file. */
export const storeGroup = {
  target: setting('STORE__TARGET', {
    kind: text,
    default: undefined,
    defaultText: 'none: an original is deleted when its import is done',
    flag: 'store-target',
    description:
      'Where the originals of imports are kept forever: a directory; `default`, which is `store` in RALPH_APP_DIR; ' +
      '`s3://HOST/BUCKET[/PREFIX]`, or `s3://BUCKET` on the server of the backend s3; `swift://CONTAINER[/PREFIX]`, ' +
      'on the server of the backend swift.'
  }),
  doors: setting('STORE__DOORS', {
    kind: list(text, 'doors such as upload, url, command, download, mirror'),
    default: [],
    defaultText: 'all',
    flag: 'store-doors',
    description: 'Doors whose originals are kept, such as `upload` or `mirror`.'
  }),
  ...bucketAccess('STORE', 'store', 'originals')
}

/** `swift://CONTAINER/PREFIX`. Undefined: the target is not a container. */
const containerOf = (target: string): StorePlace | undefined => {
  const [, bucket, folders = ''] = /^swift:\/\/([\w.-]+)((?:\/[^/%?#]+)*)\/?$/.exec(target) ?? []
  return bucket === undefined ? undefined : { kind: 'swift', bucket, prefix: folders.slice(1).replace(/(?<=.)$/, '/') }
}

const isWithin = (path: string, directory: string): boolean => {
  const way = relative(directory, path)
  return !way.startsWith('..') && !isAbsolute(way)
}

/** The file store. Undefined: there is none. Throws `INVALID_SETTING` with all problems. */
export const loadStore = (sources: Sources): StoreSettings | undefined => {
  const { appDir, tempDir } = loadGeneral(sources)
  const reader = createReader(sources)
  const { target, doors, ...access } = reader.read(storeGroup)
  if (target === undefined) {
    reader.finish()
    return undefined
  }
  const bucket = bucketOf(target)
  const directory = target === 'default' ? join(appDir, 'store') : resolve(target)
  const isUrl = /^\w[\w+.-]*:[:/]/.test(target)
  const place: StorePlace | undefined =
    bucket === undefined
      ? (containerOf(target) ?? (isUrl ? undefined : { kind: 'fs', directory }))
      : { kind: 's3', ...bucket, access: { ...bucket.access, ...accessOf(access) } }
  if (place === undefined) {
    reader.refuse(
      'RALPH_STORE__TARGET must be `default`, a directory, s3://HOST/BUCKET, s3://BUCKET or swift://CONTAINER'
    )
  }
  // Ralph cleans these directories, and would delete the originals in them.
  for (const [name, swept] of [
    ['RALPH_TEMP_DIR', tempDir],
    ['RALPH_IMPORTS_DIRECTORY', loadImports(sources).directory],
    ['the directory of uploads', loadUploads(sources).directory]
  ] as const) {
    if (place?.kind === 'fs' && isWithin(directory, swept)) {
      reader.refuse(`RALPH_STORE__TARGET (${directory}) must not be in ${name} (${swept}), where files are deleted`)
    }
  }
  reader.finish()
  return place && Object.freeze({ place, doors })
}
