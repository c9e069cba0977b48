import type { IncomingHttpHeaders } from 'node:http'
import { Transform } from 'node:stream'
import { RalphError } from '../../errors.ts'
import { type Method, methods, type ParameterLimits, parseForm, type XapiRequest } from './request.ts'

/**
 * The alternate request syntax of 1.0.x (Communication §1.3), for browsers that cannot send every method or header. It is a POST whose only
 * query parameter is `method`. Headers, parameters and body (`content`) are the fields of a form.
 */
export const isAlternate = (method: string, url: string): boolean => method === 'POST' && /[?&]method=/.test(url)

/** Fields of the form that are headers. All others are parameters of the resource. */
const headerNames: ReadonlySet<string> = new Set([
  'authorization',
  'x-experience-api-version',
  'content-type',
  'content-length',
  'content-transfer-encoding',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'accept',
  'accept-encoding',
  'accept-language',
  'accept-charset',
  'origin',
  'referer',
  'user-agent'
])

/** What Node accepts as the value of a header. A content type, for example, becomes a header again when it is read. */
const headerText = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

const requireHeaderText = (name: string, value: string): string => {
  if (headerText.test(value)) return value
  throw new RalphError('INVALID_HEADER', `The field ${name} of the form has characters that a header must not have.`, {
    header: name
  })
}

const misused = (message: string): RalphError => new RalphError('MALFORMED_REQUEST', message)

export interface FormLimits extends ParameterLimits {
  /** The most bytes of a form. The sender of a form is known only after it was read, so anybody can make the server hold this much. */
  readonly maxFormSize: number
}

const tooLong = ({ maxFormSize: limit }: FormLimits): RalphError => {
  const setting = 'RALPH_RUNSERVER_MAX_FORM_SIZE'
  const message = `A form of the alternate request syntax is larger than the ${limit} bytes of ${setting}.`
  return new RalphError('BODY_TOO_LARGE', message, { limit, setting })
}

/**
 * Checks a request in the alternate syntax before its body is read. `method` alone makes it one: some browsers send forms as text, or
 * without a Content-Type, and the LRS must accept them (Communication §1.3). So the Content-Type is not checked. Throws
 * `MALFORMED_REQUEST`, `BODY_TOO_LARGE` (details: `limit`).
 */
export const expectForm = (headers: IncomingHttpHeaders, limits: FormLimits): void => {
  delete headers['content-type']
  if (headers['content-encoding'] !== undefined) {
    throw misused('The alternate request syntax does not allow Content-Encoding.')
  }
  if (Number(headers['content-length']) > limits.maxFormSize) throw tooLong(limits)
}

/** The body of a form. If its length was not announced and it becomes too long, it ends with `BODY_TOO_LARGE`. */
export const limitForm = (payload: NodeJS.ReadableStream, limits: FormLimits): NodeJS.ReadableStream => {
  let length = 0
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length
      if (length > limits.maxFormSize) done(tooLong(limits))
      else done(null, chunk)
    }
  })
  payload.on('error', (error) => limited.destroy(error))
  return payload.pipe(limited)
}

/**
 * The request in the form. It is unfolded once: a `method` within it is an unknown parameter. The type of the content is the one that the
 * form says, otherwise `contentType`. The type of the form itself does not count.
 */
export const unfoldAlternate = (
  request: XapiRequest,
  contentType: string | undefined,
  limits: ParameterLimits
): XapiRequest => {
  const asked = request.parameters.get('method') ?? ''
  const method = methods.find((each): each is Method => each === asked)
  if (method === undefined) throw misused(`\`method\` must be one of ${methods.join(', ')}.`)
  if (request.parameters.size > 1) {
    throw misused('In the alternate request syntax `method` is the only query parameter; put all others into the form.')
  }
  const fields = parseForm(request.body, limits)
  const headers = new Map<string, string>()
  const parameters = new Map<string, string>()
  for (const [name, value] of fields) {
    if (headerNames.has(name.toLowerCase())) headers.set(name.toLowerCase(), requireHeaderText(name, value))
    else if (name !== 'content') parameters.set(name, value)
  }
  const content = fields.get('content')
  if (content === undefined && (method === 'PUT' || method === 'POST')) {
    throw misused(`${method} needs its body in the form field \`content\`.`)
  }
  return {
    method,
    parameters,
    body: Buffer.from(content ?? ''),
    header: (name) =>
      headers.get(name) ??
      (name === 'content-type' ? (content === undefined ? undefined : contentType) : request.header(name))
  }
}
