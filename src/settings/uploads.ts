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
      'Where uploads are kept until they are imported: a directory; `default`, which is `uploads` in RALPH_TEMP_DIR; ' +
      '`s3://HOST/BUCKET[/PREFIX]`, or `s3://BUCKET` on the server of the backend s3.'
  }),
  expiration: setting('UPLOADMANAGER__EXPIRATION', {
    kind: duration,
    default: 300_000,
    defaultText: '5m',
    flag: 'upload-expiration',
    description: 'Time without bytes after which an upload expires; a complete upload does not expire.'
  }),
  purge: setting('UPLOADMANAGER__PURGE', {
    kind: duration,
    default: 600_000,
    defaultText: '10m',
    flag: 'upload-purge',
    description: 'How often expired uploads are removed.'
  }),
  unarchive: setting('UPLOADMANAGER__UNARCHIVE', {
    kind: boolean,
    default: true,
    flag: 'upload-unarchive',
    description: 'Unpack uploaded archives and compressed files when they are imported.'
  }),
  ...bucketAccess('UPLOADMANAGER', 'upload', 'uploads'),
  maxUnfinished: setting('UPLOADMANAGER__MAX_UNFINISHED', {
    kind: integer(1, 10_000_000),
    default: 10_000,
    flag: 'upload-max-unfinished',
    description:
      'Most uploads of all users together that are not imported yet; more are refused until some are imported or expire.'
  }),
  maxUnfinishedPerUser: setting('UPLOADMANAGER__MAX_UNFINISHED_PER_USER', {
    kind: integer(1, 10_000_000),
    default: 1000,
    flag: 'upload-max-unfinished-per-user',
    description: 'Most uploads of one user that are not imported yet, so that one user leaves space for others.'
  })
}
