import { bucketAccess } from './bucket-place.ts'
import { setting } from './define.ts'
import { boolean, duration, integer, text } from './kinds.ts'

/** The settings of uploads: the block `uploadmanager` of the configuration file. */
export const uploadsGroup = {
  target: setting('UPLOADMANAGER__TARGET', {
    kind: text,
    default: 'default',
    flag: 'upload-target',
    description:
      'Where uploads lie until they are imported: a directory; `default`, which is `uploads` in RALPH_TEMP_DIR; ' +
      '`s3://HOST/BUCKET`, with a prefix of the keys or not, or `s3://BUCKET` on the server of the backend s3.'
  }),
  expiration: setting('UPLOADMANAGER__EXPIRATION', {
    kind: duration,
    default: 300_000,
    defaultText: '5m',
    flag: 'upload-expiration',
    description: 'An upload of which nothing came for so long is given up; one that is whole is not.'
  }),
  purge: setting('UPLOADMANAGER__PURGE', {
    kind: duration,
    default: 600_000,
    defaultText: '10m',
    flag: 'upload-purge',
    description: 'Pause between two looks for uploads that have expired.'
  }),
  unarchive: setting('UPLOADMANAGER__UNARCHIVE', {
    kind: boolean,
    default: true,
    flag: 'upload-unarchive',
    description: 'Uploaded archives and compressed files are unpacked when they are imported.'
  }),
  ...bucketAccess('UPLOADMANAGER', 'upload', 'uploads'),
  maxUnfinished: setting('UPLOADMANAGER__MAX_UNFINISHED', {
    kind: integer(1, 10_000_000),
    default: 10_000,
    flag: 'upload-max-unfinished',
    description:
      'Uploads of all users together that are not imported; more are refused until some are, or have expired.'
  }),
  maxUnfinishedPerUser: setting('UPLOADMANAGER__MAX_UNFINISHED_PER_USER', {
    kind: integer(1, 10_000_000),
    default: 1000,
    flag: 'upload-max-unfinished-per-user',
    description: 'Uploads of one user that are not imported, so that one user leaves room for others.'
  })
}
