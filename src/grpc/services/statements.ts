import { setImmediate } from 'node:timers/promises'
import type { ServerReadableStream } from '@grpc/grpc-js'
import { RalphError } from '../../errors.ts'
import type { Call } from '../../lrs/call.ts'
import { followStatements, streamStatements } from '../../lrs/query-statements/stream.ts'
import { storeOneByOne } from '../../lrs/store-statements/one-by-one.ts'
import type {
  ReadStatementsRequest,
  ReadStatementsResponse,
  WriteStatementsRequest,
  WriteStatementsResponse
} from '../../protocol/messages.ts'
import { firstOf } from '../metadata.ts'
import { sendMessage } from '../send.ts'
import { callOf } from '../who.ts'
import type { ServedMethod, ServiceContext } from './service.ts'

/** A batch ends with the message that brings it so far. `proto/ralph/v1/statements.proto` promises it. */
const [batchStatements, batchBytes] = [500, 4 * 2 ** 20]

/** Ids that an answer lists: it must not outgrow what a client takes. */
const mostIds = 100_000

/** Turns of the event loop, some microseconds each. */
const turnsToClose = 10

interface Batch {
  readonly texts: Uint8Array[]
  bytes: number
}

/** Batches as they arrive; the next one is read when the one before is stored. */
async function* batchesOf(
  stream: ServerReadableStream<WriteStatementsRequest, WriteStatementsResponse>,
  signal: AbortSignal,
  { budget }: ServiceContext
) {
  let share = budget.share()
  try {
    let batch: Batch = { texts: [], bytes: 0 }
    for await (const { statements } of stream as AsyncIterable<WriteStatementsRequest>) {
      const bytes = statements.reduce((sum, { byteLength }) => sum + byteLength, 0)
      share.take(bytes)
      for (const each of statements) batch.texts.push(each)
      batch.bytes += bytes
      if (batch.texts.length < batchStatements && batch.bytes < batchBytes) continue
      yield batch
      share.release()
      share = budget.share()
      batch = { texts: [], bytes: 0 }
    }
    // A stream that is cancelled ends as one that is whole, and is known for what it is a few turns of the event loop later.
    for (let turn = 0; turn < turnsToClose; turn += 1) await setImmediate()
    signal.throwIfAborted()
    if (batch.texts.length > 0) yield batch
  } finally {
    share.release()
  }
}

/** How many statements of the call are stored, for the client that hears of a refusal. */
const withStored = (error: unknown, stored: number): unknown =>
  error instanceof RalphError
    ? new RalphError(error.code, error.message, { ...error.details, stored }, { cause: error.cause ?? error })
    : error

const store = async (
  call: Call,
  stream: ServerReadableStream<WriteStatementsRequest, WriteStatementsResponse>,
  context: ServiceContext
): Promise<WriteStatementsResponse> => {
  const ids: string[] = []
  let [position, stored] = [0, 0]
  try {
    for await (const { texts } of batchesOf(stream, call.signal, context)) {
      const report = await storeOneByOne(call, texts, position)
      position += texts.length
      stored += report.inserted.length
      for (const id of report.ids.slice(0, mostIds - ids.length)) ids.push(id)
    }
  } catch (error) {
    throw withStored(error, position)
  }
  return { ids, stored, already: position - stored }
}

export const write = (context: ServiceContext): ServedMethod<WriteStatementsRequest, WriteStatementsResponse> => ({
  kind: 'clientStream',
  run: async (running, stream) => {
    const call = await callOf(running, 'statements/write', context)
    // The stream of a call that is cancelled has no end of its own.
    const stop = (): void => {
      stream.destroy(running.signal.reason)
    }
    running.signal.addEventListener('abort', stop, { once: true })
    running.signal.throwIfAborted()
    return store(call, stream, context)
  }
})

/** By the names of the parameters of GET /statements. */
const parametersOf = (request: ReadStatementsRequest): ReadonlyMap<string, string> => {
  const named = {
    statementId: request.statementId,
    voidedStatementId: request.voidedStatementId,
    agent: request.agent,
    verb: request.verb,
    activity: request.activity,
    registration: request.registration,
    related_activities: request.relatedActivities,
    related_agents: request.relatedAgents,
    since: request.since,
    until: request.until,
    format: request.format,
    ascending: request.ascending,
    mine: request.mine,
    more: request.follow === true ? undefined : request.position
  }
  const given = Object.entries(named).filter(([, value]) => value !== undefined && value !== '')
  return new Map(given.map(([name, value]) => [name, String(value)]))
}

export const read = (context: ServiceContext): ServedMethod<ReadStatementsRequest, ReadStatementsResponse> => ({
  kind: 'serverStream',
  run: async (running, request, stream) => {
    const call = await callOf(running, 'statements/read/mine', context)
    const { stopping, settings, budget } = context
    const limit = request.limit === undefined || request.limit === 0 ? undefined : request.limit
    const options = { limit, acceptLanguage: firstOf(running.metadata, 'accept-language') }
    const parameters = parametersOf(request)
    const position = request.position === '' ? undefined : request.position
    const pages =
      request.follow === true
        ? followStatements(call, parameters, { ...options, position, stop: stopping })
        : streamStatements(call, parameters, options)
    const share = budget.share()
    try {
      for await (const page of pages) {
        const statements = page.texts.map((text) => Buffer.from(text))
        share.take(statements.reduce((sum, { byteLength }) => sum + byteLength, 0))
        await sendMessage(stream, { statements, position: page.position }, running, settings.answerTimeout * 1000)
        share.release()
      }
    } finally {
      share.release()
    }
    if (request.follow === true && stopping.aborted) {
      throw new RalphError(
        'INTERRUPTED',
        'The server stops: go on from the last position, here later or on another server.'
      )
    }
  }
})
