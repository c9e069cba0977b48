import { RalphError } from '../../errors.ts'
import type { LrsAnswer } from '../../network/lrs-answer.ts'

/**
 * The JSON of an answer: its body, or the first part of a multipart/mixed body (Communication §1.5.2). The contents of attachments are the
 * other parts. A line of records has no room for those.
 */
export const firstPart = ({ headers, body }: LrsAnswer): Buffer => {
  const type = headers.get('content-type') ?? ''
  if (!/^\s*multipart\/mixed\b/i.test(type)) return body
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type)
  const delimiter = `--${boundary?.[1] ?? boundary?.[2]}`
  const start = body.indexOf(delimiter)
  const head = body.indexOf('\r\n\r\n', start)
  const end = body.indexOf(`\r\n${delimiter}`, head)
  if (boundary === null || start < 0 || head < 0 || end < 0) {
    throw new RalphError('STORE_UNAVAILABLE', 'the multipart/mixed body has no first part')
  }
  return body.subarray(head + 4, end)
}
