import type { IncomingMessage } from 'node:http'
import { RalphError } from '../errors.ts'

/**
 * Fields of which Node keeps the first when they come twice. What stands before the server, and decided by the other
 * one whom to let through, saw another request.
 */
const single: ReadonlySet<string> = new Set(['host', 'content-type'])

/** `MALFORMED_REQUEST` where the head can be read in two ways (RFC 9112 §3.2). */
export const requireUnambiguous = ({ headers, httpVersion, rawHeaders }: IncomingMessage): void => {
  if (headers.host === undefined && httpVersion === '1.1') {
    throw new RalphError('MALFORMED_REQUEST', 'The header Host is missing.')
  }
  const seen = new Set<string>()
  // Names and values by turns.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    if (!single.has(name)) continue
    if (seen.has(name))
      throw new RalphError('MALFORMED_REQUEST', `The header ${name} is there twice.`, { header: name })
    seen.add(name)
  }
}
