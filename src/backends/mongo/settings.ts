import { timeoutParameter } from '../../network/time-limit.ts'
import { parameter } from '../../settings/define.ts'
import { integer, type Kind, text } from '../../settings/kinds.ts'

/** The form in document 000: `["mongodb://mongo:27017/"]`. */
const bracketed = /^\[\s*(["']?)(.*)\1\s*\]$/s

const uri: Kind<string> = {
  expected: 'a connection string (mongodb://host:27017/ or mongodb+srv://host/), or a list of one',
  parse: (value) => {
    const bare = bracketed.exec(value.trim())?.[2] ?? value
    return /^mongodb(\+srv)?:\/\/[^/]/.test(bare) ? bare : undefined
  }
}

const database: Kind<string> = {
  expected: 'a name without spaces and without . $ / \\ "',
  parse: (value) => (/^[^\s.$/\\"\0]{1,63}$/.test(value) ? value : undefined)
}

const collection: Kind<string> = {
  expected: 'a name without $ and : and without an empty part between dots',
  parse: (value) => (/^(?!system\.)[^.$:\0]+(?:\.[^.$:\0]+)*$/.test(value) ? value : undefined)
}

/** The options of the Python driver that Python Ralph 5 passes on. */
const clientOptions: Kind<string> = {
  expected: 'document_class and tz_aware as key=value, separated by commas',
  parse: (value) => {
    const keys = value.split(',').map((pair) => pair.split('=', 1)[0]?.trim() ?? '')
    return keys.every((key) => key === 'document_class' || key === 'tz_aware') ? value : undefined
  }
}

const unused = 'An option of the Python driver. It is accepted and has no effect here.'

/** Names and defaults are those of Python Ralph 5. */
export const mongoParameters = {
  connectionUri: parameter('CONNECTION_URI', {
    kind: uri,
    default: 'mongodb://localhost:27017/',
    description: 'Connection string of the server or replica set, credentials and TLS options included.',
    secret: true,
    isAddress: true
  }),
  database: parameter('DEFAULT_DATABASE', {
    kind: database,
    default: 'statements',
    description: 'Database that keeps the statements and everything that belongs to them.'
  }),
  collection: parameter('DEFAULT_COLLECTION', {
    kind: collection,
    default: 'marsha',
    description: 'Collection of statements. The collections NAME:… keep what belongs to them.'
  }),
  timeout: timeoutParameter('MongoDB'),
  writeDelay: parameter('WRITE_DELAY', {
    kind: integer(0, 1000),
    default: 0,
    description: 'Milliseconds that the first request of a batch waits for others to join.'
  }),
  clientOptions: parameter('CLIENT_OPTIONS', { kind: clientOptions, default: undefined, description: unused }),
  documentClass: parameter('CLIENT_OPTIONS__document_class', { kind: text, default: undefined, description: unused }),
  tzAware: parameter('CLIENT_OPTIONS__tz_aware', { kind: text, default: undefined, description: unused })
}

/** The settings for reading and writing records. */
export const mongoDataParameters = {
  connectionUri: mongoParameters.connectionUri,
  database: { ...mongoParameters.database, description: 'Database whose collections are listed, read and written.' },
  collection: {
    ...mongoParameters.collection,
    description: 'Collection that is read and written when the command names no target.'
  },
  timeout: mongoParameters.timeout,
  clientOptions: mongoParameters.clientOptions,
  documentClass: mongoParameters.documentClass,
  tzAware: {
    ...mongoParameters.tzAware,
    description: 'An option of the Python driver. It is accepted. Dates are always printed with their offset.'
  }
}
