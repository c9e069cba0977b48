import type { RejectedRequest } from '../../contracts/rejected-requests.ts'
import { type ErrorCode, RalphError } from '../../errors.ts'
import type { Call } from '../../lrs/call.ts'
import { boolean, optional, refuseUnknown, required, uuid } from '../../lrs/parameters.ts'
import { queryStatements } from '../../lrs/query-statements/index.ts'
import { queryParameters } from '../../lrs/query-statements/read-query.ts'
import { type SentStatements, storeStatement, storeStatements } from '../../lrs/store-statements/index.ts'
import { storePartially } from '../../lrs/store-statements/partial.ts'
import { runYielding } from '../../lrs/yielding.ts'
import { mediaType } from '../../xapi/media-type.ts'
import { errorStatus } from '../error-status.ts'
import { errorBody } from '../errors.ts'
import { multipartReply } from './multipart.ts'
import { readStatementParts } from './multipart-request.ts'
import type { XapiRequest } from './request.ts'
import { type Answer, type Door, httpDate, jsonAnswer, type Operation, type Resource } from './resource.ts'

/** The body of POST and PUT: JSON, or multipart/mixed with attachments (Communication §1.5). */
const readBody = async ({ header, body }: XapiRequest, { limits }: Door): Promise<SentStatements> => {
  const contentType = header('content-type') ?? ''
  switch (mediaType(contentType)) {
    case 'application/json':
      return { json: body, attachments: [] }
    case 'multipart/mixed':
      return runYielding(readStatementParts(body, contentType, limits))
    default:
      throw new RalphError(
        'UNSUPPORTED_MEDIA_TYPE',
        `Statements come as application/json or multipart/mixed, ${
          contentType === '' ? 'and no Content-Type was sent' : `not as ${JSON.stringify(contentType)}`
        }.`
      )
  }
}

const get: Operation = {
  summary: 'Read one statement by its id, or a page of the statements that match',
  parameters: queryParameters,
  scope: 'statements/read/mine',
  async answer(call, request, { moreLink }) {
    const found = await queryStatements(call, request.parameters, {
      acceptLanguage: request.header('accept-language'),
      moreLink
    })
    const about = {
      ...(found.lastModified === undefined ? {} : { 'last-modified': httpDate(found.lastModified) }),
      etag: found.etag
    }
    const variesBy = found.isInLanguage ? ['Accept-Language'] : []
    const { json, attachments } = found
    const text = Buffer.isBuffer(json) ? json : { pieces: json.pieces, holds: 2 * json.longest, length: json.length }
    if (attachments === undefined) {
      return {
        status: 200,
        headers: { 'content-type': 'application/json; charset=utf-8', ...about },
        body: text,
        variesBy
      }
    }
    const { contentType, body } = multipartReply(Buffer.isBuffer(text) ? text : text.pieces, attachments.parts)
    const holds = Math.max(Buffer.isBuffer(text) ? text.length : text.holds, attachments.holds)
    return { status: 200, headers: { 'content-type': contentType, ...about }, body: { pieces: body, holds }, variesBy }
  }
}

const keep = (
  call: Call,
  request: XapiRequest,
  door: Door,
  { error, message, details }: Pick<RejectedRequest, 'error' | 'message' | 'details'>
): void =>
  door.rejected?.add({
    username: call.principal.username,
    version: call.version,
    contentType: request.header('content-type') ?? '',
    error,
    message,
    details,
    body: request.body
  })

/** Runs an operation. If the request is rejected, it is kept, if the operator wants that. */
const keepingRejected =
  (answer: Operation['answer']): Operation['answer'] =>
  async (call, request, door) => {
    try {
      return await answer(call, request, door)
    } catch (error) {
      // If the server is at fault, for example with a full disk, the client sends the request again.
      if (error instanceof RalphError && errorStatus[error.code] < 500) {
        keep(call, request, door, { error: error.code, message: error.message, details: error.details })
      }
      throw error
    }
  }

const put: Operation = {
  summary: 'Store one statement under the id `statementId`',
  parameters: ['statementId!'],
  scope: 'statements/write',
  answer: keepingRejected(async (call, request, door) => {
    refuseUnknown(request.parameters, ['statementId'], call.rules)
    const id = required(request.parameters, 'statementId', uuid)
    await storeStatement(call, id, await readBody(request, door))
    return { status: 204 }
  })
}

const postParameters = ['partialSuccess', 'ignoreInvalid']

const post: Operation = {
  summary: 'Store one statement or a list of them, all or none',
  parameters: postParameters,
  scope: 'statements/write',
  answer: keepingRejected(async (call, request, door) => {
    refuseUnknown(request.parameters, postParameters, call.rules)
    const partial = optional(request.parameters, 'partialSuccess', boolean) ?? door.partialSuccessDefault
    const ignoring = optional(request.parameters, 'ignoreInvalid', boolean) ?? false
    if (partial || ignoring) return storeWhatIsValid(call, request, door)
    const { ids } = await storeStatements(call, await readBody(request, door))
    return jsonAnswer(ids)
  })
}

/**
 * Answers 200 if anything was stored. Otherwise 409 if ids exist already, 403 if voiding is forbidden, 400 if all statements are invalid.
 */
const storeWhatIsValid = async (call: Call, request: XapiRequest, door: Door): Promise<Answer> => {
  const report = await storePartially(call, await readBody(request, door))
  if (report.rejected > 0) {
    const { errors, ids } = report
    const [first] = errors
    const message = `${report.rejected} of ${errors.length + ids.length} statements were rejected.`
    keep(call, request, door, { error: first?.code ?? 'INVALID_STATEMENT', message, details: { errors } })
  }
  if (report.ids.length > 0) return jsonAnswer(report)
  const codes = new Set<ErrorCode>(report.errors.map(({ code }) => code))
  const error = (['STATEMENT_CONFLICT', 'FORBIDDEN'] as const).find((code) => codes.has(code)) ?? 'INVALID_STATEMENT'
  return {
    ...jsonAnswer({ ...errorBody(new RalphError(error, 'None of the statements was stored.')), ...report }),
    status: errorStatus[error]
  }
}

export const statements: Resource = {
  path: '/statements',
  parameters: 'statements-parameters',
  summary: 'Statements',
  alternateContentType: 'application/json',
  operations: { GET: get, PUT: put, POST: post }
}
