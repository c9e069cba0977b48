import { isObject } from '../json/values.ts'
export interface LrsAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

const longest = 300

/** The keys of the message in the answers of LRSs: ours, Python Ralph, Learning Locker, others. */
const sentences = ['message', 'detail', 'reason', 'error', 'warnings', 'errors'] as const

const sentenceIn = (text: string): string => {
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value)) return text
    const said = sentences.map((key) => value[key]).find((each) => each !== undefined && each !== null && each !== '')
    if (said === undefined) return text
    return typeof said === 'string' ? said : JSON.stringify(said)
  } catch {
    return text
  }
}

/** The message of the LRS about its refusal, on one line. */
export const messageOf = ({ body, headers }: LrsAnswer): string => {
  // A page for people.
  if (/html/i.test(headers.get('content-type') ?? '')) return ''
  const line = sentenceIn(body.toString('utf8'))
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  return line.length > longest ? `${line.slice(0, longest)}…` : line
}

/** `400: The statement has no verb` */
export const statusAndMessage = (answer: LrsAnswer): string => {
  const message = messageOf(answer)
  return message === '' ? String(answer.status) : `${answer.status}: ${message}`
}
