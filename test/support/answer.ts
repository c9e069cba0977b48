import { errorCodes } from '../../src/errors.ts'
import { isTimestamp } from '../../src/validation/formats/timestamp.ts'

/** An answer of the server, whoever received it. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

export const textOf = ({ body }: Answer): string => body.toString('utf8')

// Tests say what they expect in it; nothing else vouches for it.
// biome-ignore lint/suspicious/noExplicitAny: see above.
export const jsonOf = (answer: Answer): any => JSON.parse(textOf(answer))

const faultsOfError = (answer: Answer): string | undefined => {
  if (!/^application\/json\b/.test(answer.headers.get('content-type') ?? '')) return 'an error that is not JSON'
  const { error, message } = jsonOf(answer)
  if (!Object.hasOwn(errorCodes, error)) return `an error of unknown code ${error}`
  return typeof message === 'string' && message !== '' ? undefined : 'an error without a message'
}

const mayFailWith: ReadonlySet<number> = new Set([503, 507])

/** What is wrong with an answer, whatever was asked: rulings 23 and 28, and the form of errors. */
const faultOf = (answer: Answer, { method, path }: { readonly method: string; readonly path: string }) => {
  const { status, headers } = answer
  if (status >= 500 && !mayFailWith.has(status)) return 'no input gives this status'
  const version = headers.get('x-experience-api-version')
  if (version !== '1.0.3' && version !== '2.0.0') return `X-Experience-API-Version: ${version}`
  const through = headers.get('x-experience-api-consistent-through')
  // Of headers that are too large nobody read to which resource they belong.
  if (status !== 431 && /^\/xAPI\/statements\/?(\?|$)/.test(path) && !isTimestamp(through ?? ''))
    return `Consistent-Through: ${through}`
  if (status === 401 && !headers.has('www-authenticate')) return '401 without WWW-Authenticate'
  if (status === 405 && !headers.has('allow')) return '405 without Allow'
  if (status === 503 && !headers.has('retry-after') && path.startsWith('/xAPI')) return '503 without Retry-After'
  return status >= 400 && method !== 'HEAD' ? faultsOfError(answer) : undefined
}

/** Every answer that any test receives goes through here. */
export const requireSound = (
  answer: Answer,
  asked: { readonly method: string; readonly path: string },
  log: () => string = () => ''
): Answer => {
  const fault = faultOf(answer, asked)
  if (fault === undefined) return answer
  const { status, body } = answer
  throw new Error(
    `${asked.method} ${asked.path.slice(0, 300)} was answered ${status}, ${fault}\n${body.toString('utf8', 0, 1000)}\n${log()}`
  )
}
