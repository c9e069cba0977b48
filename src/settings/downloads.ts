import { setting } from './define.ts'
import { boolean, duration, formatSize, integer, size } from './kinds.ts'

const gibibyte = 2 ** 30

/** Prefix of these settings: the block of the configuration file. */
export const downloadVariables = 'RALPH_DOWNLOADMANAGER__'

/** The settings of `ralph download`. */
export const downloadsGroup = {
  expiration: setting('DOWNLOADMANAGER__EXPIRATION', {
    kind: duration,
    default: 300_000,
    defaultText: '5m',
    flag: 'cache-ttl',
    description: 'How long a download is cached.'
  }),
  purge: setting('DOWNLOADMANAGER__PURGE', {
    kind: duration,
    default: 600_000,
    defaultText: '10m',
    flag: 'cache-purge',
    description: 'How often expired entries of the cache are removed, by the next download.'
  }),
  unarchive: setting('DOWNLOADMANAGER__UNARCHIVE', {
    kind: boolean,
    default: true,
    flag: 'unarchive',
    description: 'Unpack archives and compressed files.'
  }),
  bandwidth: setting('DOWNLOADMANAGER__BANDWIDTH', {
    kind: size(1024, 2 ** 50),
    default: undefined,
    defaultText: 'no limit',
    flag: 'limit-rate',
    description: 'Bytes per second, for all downloads of a process together; git and hg ignore it.'
  }),
  concurrency: setting('DOWNLOADMANAGER__CONCURRENCY', {
    kind: integer(1, 64),
    default: 4,
    flag: 'concurrency',
    description: 'Concurrent downloads of a process.'
  }),
  timeout: setting('DOWNLOADMANAGER__TIMEOUT', {
    kind: duration,
    default: 60_000,
    defaultText: '60s',
    flag: 'timeout',
    description: 'Time without a byte after which a connection is given up.'
  }),
  maxSize: setting('DOWNLOADMANAGER__MAX_SIZE', {
    kind: size(1, 2 ** 50),
    default: 100 * gibibyte,
    defaultText: formatSize(100 * gibibyte),
    flag: 'max-size',
    description: 'Largest file to download.'
  }),
  maxUnpackedSize: setting('DOWNLOADMANAGER__MAX_UNPACKED_SIZE', {
    kind: size(1, 2 ** 50),
    default: 400 * gibibyte,
    defaultText: formatSize(400 * gibibyte),
    flag: 'max-unpacked-size',
    description: 'Largest unpacked size of an archive, all entries together.'
  }),
  maxEntries: setting('DOWNLOADMANAGER__MAX_ENTRIES', {
    kind: integer(1, 100_000_000),
    default: 1_000_000,
    flag: 'max-entries',
    description: 'Most entries of an archive.'
  }),
  maxRatio: setting('DOWNLOADMANAGER__MAX_RATIO', {
    kind: integer(1, 1_000_000),
    default: 200,
    flag: 'max-ratio',
    description: 'Largest ratio of unpacked to packed size; checked beyond the first 64 MiB.'
  })
}
