import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'
import { RalphError } from '../../errors.ts'

/**
 * Headers of which Node keeps the first value if they come twice (RFC 9110 §5.3 forbids to send them so). A proxy in front of the server
 * may have checked the other value.
 */
const single: ReadonlySet<string> = new Set([
  'host',
  'content-type',
  'authorization',
  'if-modified-since',
  'if-unmodified-since'
])

/** RFC 3986 §3.2.2 and §3.2.3. */
const isHost = (value: string): boolean => {
  const [, literal] = /^\[(.*)\](?::\d*)?$/.exec(value) ?? []
  return literal === undefined
    ? /^(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})+(?::\d*)?$/i.test(value)
    : isIPv6(literal) && !literal.includes('%')
}

const requireHost = (host: string | undefined, isRequired: boolean): void => {
  if (host === undefined || host === '') {
    if (!isRequired) return
    throw new RalphError('MALFORMED_REQUEST', `The header Host is ${host === undefined ? 'missing' : 'empty'}.`)
  }
  if (isHost(host)) return
  throw new RalphError('MALFORMED_REQUEST', 'The header Host is not the name or address of a host.', { header: 'host' })
}

/** Throws `MALFORMED_REQUEST` if the head can be read in two ways, or does not name its host (RFC 9112 §3.2). */
export const requireUnambiguous = ({ headers, httpVersion, rawHeaders }: IncomingMessage): void => {
  requireHost(headers.host, httpVersion === '1.1')
  const seen = new Map<string, string | undefined>()
  // Names and values alternate.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    if (!single.has(name)) continue
    const value = rawHeaders[at + 1]
    // The same value twice is not ambiguous. But Host may come only once, whatever its value.
    if (seen.has(name) && (name === 'host' || seen.get(name) !== value))
      throw new RalphError('MALFORMED_REQUEST', `The header ${name} was sent twice.`, { header: name })
    seen.set(name, value)
  }
}
