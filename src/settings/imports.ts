import { isIP } from 'node:net'
import { setting } from './define.ts'
import { boolean, duration, formatSize, integer, type Kind, list, path, size, text, url } from './kinds.ts'

/** A file of learning records is smaller, and a disk is larger. */
const hundredGibibytes = 100 * 2 ** 30

const hostPattern: Kind<string> = {
  expected: 'a host',
  parse: (value) => (/^(\*|(\*\.)?[a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i.test(value) ? value : undefined)
}

const network: Kind<string> = {
  expected: 'a network',
  parse: (value) => {
    const [address = '', bits] = value.split('/')
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
    return most >= 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most)) ? value : undefined
  }
}

/** The settings of imports, for every door. */
export const importsGroup = {
  enabled: setting('IMPORTS_ENABLED', {
    kind: boolean,
    default: false,
    description: 'Process queued imports in the server, and show them at /imports.'
  }),
  databaseUrl: setting('IMPORTS_DATABASE_URL', {
    kind: text,
    default: undefined,
    defaultText: '`imports.db` in RALPH_APP_DIR, SQLite',
    description: 'PostgreSQL database (postgresql://…) for the records of imports, for several machines.',
    secret: true
  }),
  directory: setting('IMPORTS_DIRECTORY', {
    kind: path,
    default: undefined,
    defaultText: '`imports` in RALPH_APP_DIR',
    description: 'Directory for the bytes of imports until they are done, and for rejected records.'
  }),
  user: setting('IMPORTS_USER', {
    kind: text,
    default: undefined,
    description: 'User of the auth file that `ralph import` stores statements as: authority and target.'
  }),
  platformUrl: setting('IMPORTS_PLATFORM_URL', {
    kind: url,
    default: undefined,
    description: 'URL of the platform of imported events, as --platform-url of `ralph convert`.'
  }),
  maxSize: setting('IMPORTS_MAX_SIZE', {
    kind: size(1024, 2 ** 50),
    default: hundredGibibytes,
    defaultText: formatSize(hundredGibibytes),
    description: 'Largest file to import, as it arrives.'
  }),
  maxUnpackedSize: setting('IMPORTS_MAX_UNPACKED_SIZE', {
    kind: size(1024, 2 ** 50),
    default: 4 * hundredGibibytes,
    defaultText: formatSize(4 * hundredGibibytes),
    description: 'Largest unpacked size of a file, all entries together.'
  }),
  maxEntries: setting('IMPORTS_MAX_ENTRIES', {
    kind: integer(1, 10_000_000),
    default: 10_000,
    description: 'Most entries of an archive, including those of nested archives.'
  }),
  maxRatio: setting('IMPORTS_MAX_RATIO', {
    kind: integer(1, 1_000_000),
    default: 200,
    description: 'Largest ratio of unpacked to packed size; checked beyond the first 64 MiB.'
  }),
  maxDepth: setting('IMPORTS_MAX_DEPTH', {
    kind: integer(1, 32),
    default: 5,
    description: 'Most levels of nested archives and compressions: a .tar.gz has two.'
  }),
  maxAttempts: setting('IMPORTS_MAX_ATTEMPTS', {
    kind: integer(1, 1000),
    default: 20,
    description: 'Number of attempts before an import is FAILED; its bytes are kept even then.'
  }),
  urlHosts: setting('IMPORTS_URL_HOSTS', {
    kind: list(hostPattern, 'hosts such as example.org, *.example.org or example.org:8443'),
    default: [],
    defaultText: 'none: `POST /imports` is refused',
    description: 'Hosts from which `POST /imports` may fetch URLs, redirects included; `*`: all.'
  }),
  urlNetworks: setting('IMPORTS_URL_NETWORKS', {
    kind: list(network, 'networks such as 10.1.0.0/16'),
    default: [],
    defaultText: 'none: public addresses only',
    description: 'Private networks from which `POST /imports` may fetch URLs too.'
  }),
  sweep: setting('IMPORTS_SWEEP', {
    kind: duration,
    default: 30_000,
    defaultText: '30s',
    description:
      'How often the server looks for imports that another machine has left; those of this machine start at once.'
  }),
  longestPause: setting('IMPORTS_LONGEST_PAUSE', {
    kind: integer(1, 86_400),
    default: 900,
    description:
      'Longest pause between two attempts, in seconds; the first pause is 5 s, each next one is twice as long.'
  })
}
