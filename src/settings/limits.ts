import { setting } from './define.ts'
import { formatSize, integer, size } from './kinds.ts'

const mebibyte = 2 ** 20
/** A body becomes one string, and this is the longest string of V8. */
const longestBody = 511 * mebibyte
const defaultHeader = 16 * 1024
const defaultParameter = 64 * 1024
const defaultForm = 4 * mebibyte
const defaultBody = 64 * mebibyte
const defaultStatement = 2 * mebibyte
const defaultAnonymous = 32 * mebibyte
const defaultInFlight = 128 * mebibyte

/** Limits on what requests may contain and hold. An error about a limit names its setting. */
export const limitSettings = {
  maxBodySize: setting('RUNSERVER_MAX_BODY_SIZE', {
    kind: size(1024, longestBody),
    default: defaultBody,
    defaultText: formatSize(defaultBody),
    description: 'Largest request body, after decompression.'
  }),
  maxStatements: setting('RUNSERVER_MAX_STATEMENTS_PER_REQUEST', {
    kind: integer(1, 1_000_000),
    default: 5000,
    description: 'Statements in one request. They are stored together; other writes wait meanwhile, reads do not.'
  }),
  maxStatementSize: setting('RUNSERVER_MAX_STATEMENT_SIZE', {
    kind: size(1024, longestBody),
    default: defaultStatement,
    defaultText: formatSize(defaultStatement),
    description: 'Largest statement; while a much larger one is processed, all other requests wait.'
  }),
  maxStatementKeys: setting('RUNSERVER_MAX_STATEMENT_KEYS', {
    kind: integer(100, 10_000_000),
    default: 20_000,
    description: 'Keys of one statement, in all its objects together.'
  }),
  maxStatementDepth: setting('RUNSERVER_MAX_STATEMENT_DEPTH', {
    kind: integer(10, 100),
    default: 100,
    description: 'Nested arrays and objects in one statement.'
  }),
  maxInheritedTerms: setting('RUNSERVER_MAX_INHERITED_TERMS', {
    kind: integer(100, 100_000_000),
    default: 100_000,
    description:
      'Verbs, Agents, Activities and registrations that the statements of one request inherit by StatementRef, so that filters find them; each KiB of the referenced statement counts as one more.'
  }),
  maxDocumentKeys: setting('RUNSERVER_MAX_DOCUMENT_KEYS', {
    kind: integer(100, 10_000_000),
    default: 100_000,
    description: 'Keys at the top level of a JSON document that POST stores or merges.'
  }),
  maxParts: setting('RUNSERVER_MAX_PARTS_PER_REQUEST', {
    kind: integer(1, 1_000_000),
    default: 10_000,
    description: 'Parts of a multipart request: the statements, and a part for each attachment.'
  }),
  maxHeaderSize: setting('RUNSERVER_MAX_HEADER_SIZE', {
    kind: size(4096, mebibyte),
    default: defaultHeader,
    defaultText: formatSize(defaultHeader),
    description: 'Largest head of a request, including its URL, and largest head of a part of a multipart request.'
  }),
  maxParameters: setting('RUNSERVER_MAX_PARAMETERS', {
    kind: integer(20, 10_000),
    default: 100,
    description: 'Parameters of a request, or fields of a form.'
  }),
  maxParameterSize: setting('RUNSERVER_MAX_PARAMETER_SIZE', {
    kind: size(1024, mebibyte),
    default: defaultParameter,
    defaultText: formatSize(defaultParameter),
    description: 'Longest parameter in a URL or a form, for example `stateId` or `agent`.'
  }),
  maxFormSize: setting('RUNSERVER_MAX_FORM_SIZE', {
    kind: size(1024, longestBody),
    default: defaultForm,
    defaultText: formatSize(defaultForm),
    description: 'Largest form of the alternate request syntax; its sender is known only after it was read.'
  }),
  maxBytesInFlight: setting('RUNSERVER_MAX_BYTES_IN_FLIGHT', {
    kind: size(mebibyte, 2 ** 40),
    default: defaultInFlight,
    defaultText: formatSize(defaultInFlight),
    description:
      'Bytes of request bodies and answers in memory, of all clients together; beyond it large bodies wait, and large answers get 503.'
  }),
  waitForRoom: setting('RUNSERVER_WAIT_FOR_ROOM', {
    kind: integer(0, 3600),
    default: 30,
    description: 'Seconds that a large body waits, unread, for memory; then it gets 503.'
  }),
  maxAnonymousBytes: setting('RUNSERVER_MAX_ANONYMOUS_BYTES', {
    kind: size(1024, 2 ** 40),
    default: defaultAnonymous,
    defaultText: formatSize(defaultAnonymous),
    description:
      'Bytes of forms of the alternate request syntax whose senders are not known yet; beyond it large ones get 503.'
  }),
  anonymousTimeout: setting('RUNSERVER_ANONYMOUS_TIMEOUT', {
    kind: integer(1, 3600),
    default: 30,
    description: 'Seconds within which such a form must arrive, and the rest of a body that was refused.'
  }),
  requestTimeout: setting('RUNSERVER_REQUEST_TIMEOUT', {
    kind: integer(1, 86_400),
    default: 600,
    description: 'Seconds within which a request must arrive, body included.'
  }),
  answerTimeout: setting('RUNSERVER_ANSWER_TIMEOUT', {
    kind: integer(1, 86_400),
    default: 60,
    description: 'Seconds within which a client must take the next 256 KiB of its answer, or what is left of it.'
  }),
  maxStreams: setting('RUNSERVER_MAX_STREAMS', {
    kind: integer(0, 1_000_000),
    default: 1000,
    description: 'Open streams of statements; further ones get 503.'
  }),
  maxConnections: setting('RUNSERVER_MAX_CONNECTIONS', {
    kind: integer(1, 1_000_000),
    default: 4096,
    description:
      'Open connections; further ones are closed, or one of the address that has the most (unless RALPH_RUNSERVER_TRUST_PROXY is set).'
  })
}
