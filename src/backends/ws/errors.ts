import type { IncomingMessage } from 'node:http'
import { type ErrorCode, RalphError } from '../../errors.ts'
import { networkReason } from '../../network/retry.ts'
import { unreachable } from '../../network/unreachable.ts'

/** A connection that did not end with an agreed close. */
export class LostConnection extends RalphError {
  /** Whether another connection could continue. It could not if this side refused a message. */
  readonly passing: boolean

  constructor(passing: boolean, code: ErrorCode, message: string, cause?: unknown) {
    super(code, message, {}, { cause })
    this.passing = passing
  }
}

const refusals: ReadonlyMap<number, readonly [ErrorCode, string]> = new Map([
  [401, ['UNAUTHENTICATED', 'it asks for credentials']],
  [403, ['FORBIDDEN', 'it does not allow that']],
  [404, ['NOT_FOUND', 'there is no WebSocket at this path']]
])

/** The answer to the handshake was an ordinary HTTP answer. `place` has neither path nor query, because these may contain a token. */
export const refusedHandshake = (place: string, { statusCode = 0 }: IncomingMessage): LostConnection => {
  const [code, reason] = refusals.get(statusCode) ?? ['STORE_UNAVAILABLE', 'that is not a WebSocket']
  return new LostConnection(true, code, `${place} answered ${statusCode}: ${reason}`)
}

const tooLarge = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'

export const brokenConnection = (place: string, error: Error, maxSize: number): LostConnection => {
  if ('code' in error && error.code === tooLarge) {
    const message = `${place} sent a message of more than ${maxSize} bytes: raise CLIENT_OPTIONS__max_size to accept it`
    return new LostConnection(false, 'STORE_UNAVAILABLE', message, error)
  }
  const ofProtocol = 'code' in error && String(error.code).startsWith('WS_ERR_')
  const known = unreachable(error, place)?.message
  const message = known ?? `the connection to ${place} broke: ${networkReason(error)}`
  return new LostConnection(!ofProtocol, 'STORE_UNAVAILABLE', message, error)
}

/** RFC 6455 §7.4.1. */
const meanings: ReadonlyMap<number, string> = new Map([
  [1001, 'it goes away'],
  [1002, 'protocol error'],
  [1003, 'unacceptable data'],
  [1005, 'no code was given'],
  [1006, 'without goodbye'],
  [1007, 'inconsistent data'],
  [1008, 'against its policy'],
  [1009, 'too large'],
  [1011, 'it failed'],
  [1012, 'it starts again'],
  [1013, 'try again later'],
  [1015, 'no TLS']
])

export const closedByPeer = (place: string, code: number, reason: string): LostConnection => {
  const said = reason.replace(/[\s\p{Cc}]+/gu, ' ').trim() || meanings.get(code)
  const because = said === undefined ? '' : ` (${said})`
  return new LostConnection(true, 'STORE_UNAVAILABLE', `${place} closed the connection with code ${code}${because}`)
}
