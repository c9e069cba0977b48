import { setting } from './define.ts'
import { boolean, duration, formatSize, integer, size } from './kinds.ts'

const gibibyte = 2 ** 30

/** What the names of these settings begin with: the block of the configuration file. */
export const downloadVariables = 'RALPH_DOWNLOADMANAGER__'

/** The settings of `ralph download`. */
export const downloadsGroup = {
  expiration: setting('DOWNLOADMANAGER__EXPIRATION', {
    kind: duration,
    default: 300_000,
    defaultText: '5m',
    flag: 'cache-ttl',
    description: 'For how long what was downloaded is not downloaded again.'
  }),
  purge: setting('DOWNLOADMANAGER__PURGE', {
    kind: duration,
    default: 600_000,
    defaultText: '10m',
    flag: 'cache-purge',
    description: 'What has expired is removed from the cache by the first download after so long.'
  }),
  unarchive: setting('DOWNLOADMANAGER__UNARCHIVE', {
    kind: boolean,
    default: true,
    flag: 'unarchive',
    description: 'Archives and compressed files are unpacked.'
  }),
  bandwidth: setting('DOWNLOADMANAGER__BANDWIDTH', {
    kind: size(1024, 2 ** 50),
    default: undefined,
    defaultText: 'no limit',
    flag: 'limit-rate',
    description: 'Bytes a second, of all downloads of a process together; git and hg do not keep to it.'
  }),
  concurrency: setting('DOWNLOADMANAGER__CONCURRENCY', {
    kind: integer(1, 64),
    default: 4,
    flag: 'concurrency',
    description: 'Downloads of a process at once.'
  }),
  timeout: setting('DOWNLOADMANAGER__TIMEOUT', {
    kind: duration,
    default: 60_000,
    defaultText: '60s',
    flag: 'timeout',
    description: 'A connection is given up after so long without a byte.'
  }),
  maxSize: setting('DOWNLOADMANAGER__MAX_SIZE', {
    kind: size(1, 2 ** 50),
    default: 100 * gibibyte,
    defaultText: formatSize(100 * gibibyte),
    flag: 'max-size',
    description: 'Largest file that is downloaded.'
  }),
  maxUnpackedSize: setting('DOWNLOADMANAGER__MAX_UNPACKED_SIZE', {
    kind: size(1, 2 ** 50),
    default: 400 * gibibyte,
    defaultText: formatSize(400 * gibibyte),
    flag: 'max-unpacked-size',
    description: 'What an archive may unpack to, all entries together.'
  }),
  maxEntries: setting('DOWNLOADMANAGER__MAX_ENTRIES', {
    kind: integer(1, 100_000_000),
    default: 1_000_000,
    flag: 'max-entries',
    description: 'Entries of an archive.'
  }),
  maxRatio: setting('DOWNLOADMANAGER__MAX_RATIO', {
    kind: integer(1, 1_000_000),
    default: 200,
    flag: 'max-ratio',
    description: 'How many times its size a file may unpack to; asked beyond the first 64 MiB.'
  })
}
