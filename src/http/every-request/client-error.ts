import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { RalphError } from '../../errors.ts'
import type { ServerSettings } from '../../settings/settings.ts'
import { errorStatus } from '../error-status.ts'
import { errorBody } from '../errors.ts'
import { cacheControl, versionHeader } from './answer-headers.ts'
import { corsHeaders } from './cors.ts'
import { isAnswering } from './pipelined-answers.ts'

type Settings = Pick<ServerSettings, 'defaultVersion' | 'corsAllowOrigins' | 'maxHeaderSize' | 'requestTimeout'>

const translate = (code: string | undefined, { maxHeaderSize, requestTimeout }: Settings): RalphError => {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new RalphError(
        'HEADERS_TOO_LARGE',
        `The URL and the headers of the request are larger than the ${maxHeaderSize} bytes of RALPH_RUNSERVER_MAX_HEADER_SIZE.`,
        { limit: maxHeaderSize, setting: 'RALPH_RUNSERVER_MAX_HEADER_SIZE' }
      )
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new RalphError(
        'BODY_TOO_LARGE',
        'The chunk extensions of the body are larger than the 16384 bytes that HTTP allows here.',
        {
          limit: 16_384
        }
      )
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RalphError(
        'REQUEST_TIMEOUT',
        `The request did not arrive within the ${requestTimeout} s of RALPH_RUNSERVER_REQUEST_TIMEOUT, or its head not within a minute.`,
        { limit: requestTimeout, setting: 'RALPH_RUNSERVER_REQUEST_TIMEOUT' }
      )
    default:
      return new RalphError('MALFORMED_REQUEST', 'This is not a well-formed HTTP request.')
  }
}

/** The bytes that Node was reading when it refused them. */
const packetOf = (error: Error): string =>
  'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket.toString('latin1') : ''

/**
 * CORS headers of an answer to bytes that are not a request. If the origin is in the last bytes, it is named; otherwise any origin may
 * read, without credentials. Such an answer holds no secret.
 */
const corsOf = (origins: ServerSettings['corsAllowOrigins'], packet: string) => {
  if (origins.length === 0) return {}
  const origin = /\r\norigin:[ \t]*([^\r\n]*?)[ \t]*\r\n/i.exec(packet)?.[1]
  return corsHeaders(origin === undefined ? ['*'] : origins, origin)
}

/**
 * Answers what Node refuses before there is a request, in the form of every other error. If another answer is being sent over the
 * connection, nothing is sent, because the bytes would seem to belong to that answer. The connection is closed after it.
 */
export const replyToClientError =
  (settings: Settings) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    if (isAnswering(socket)) {
      socket.destroySoon()
      return
    }
    const { defaultVersion, corsAllowOrigins } = settings
    const translated = translate(error.code, settings)
    const status = errorStatus[translated.code]
    const body = JSON.stringify(errorBody(translated))
    const headers = {
      [versionHeader]: defaultVersion,
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': cacheControl,
      vary: 'Authorization',
      connection: 'close',
      ...corsOf(corsAllowOrigins, packetOf(error))
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
  }
