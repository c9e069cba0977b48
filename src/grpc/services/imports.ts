import { setTimeout as wait } from 'node:timers/promises'
import type { ServerReadableStream } from '@grpc/grpc-js'
import type { ImportInstructions, ImportRecord, Imports } from '../../contracts/imports.ts'
import { RalphError } from '../../errors.ts'
import { importUserOf, mayReadImport } from '../../identity/imports.ts'
import type { Scope } from '../../identity/principal.ts'
import type { GetImportRequest, Import, ImportFile, SubmitRequest } from '../../protocol/messages.ts'
import type { RunningCall } from '../running-call.ts'
import { sendMessage } from '../send.ts'
import { authenticate } from '../who.ts'
import type { ServedMethod, ServiceContext } from './service.ts'

/** Milliseconds between two looks of `Watch`. */
const interval = 1000

const importsOf = ({ imports }: ServiceContext): Imports => {
  if (imports !== undefined) return imports
  throw new RalphError('UNSUPPORTED_OPERATION', 'This server does not work on imports: RALPH_IMPORTS_ENABLED is false.')
}

const messageOf = (record: ImportRecord): Import => ({
  id: record.id,
  filename: record.filename,
  status: record.status,
  sha256: record.sha256,
  size: record.size,
  ...record.counts,
  troubleCode: record.trouble?.code,
  troubleMessage: record.trouble?.message,
  attempts: record.attempts,
  nextAttempt: record.nextAttempt,
  created: record.created,
  updated: record.updated,
  finished: record.finished
})

const kinds = ['auto', 'edx', 'xapi'] as const

const instructionsOf = ({ from, unpack }: ImportFile): ImportInstructions => {
  const kind = from === undefined || from === '' ? 'auto' : kinds.find((each) => each === from)
  if (kind !== undefined) return { from: kind, ...(unpack === undefined ? {} : { unpack }) }
  throw new RalphError('INVALID_PARAMETER', `\`from\` must be one of ${kinds.join(', ')}.`, { parameter: 'from' })
}

const wrongOrder = (expected: string): RalphError =>
  new RalphError(
    'INVALID_PARAMETER',
    `Expected ${expected}: the first message says what the file is, the others bring it.`
  )

async function* contentOf(messages: AsyncIterator<SubmitRequest>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await messages.next()
    if (done) return
    if (value.content === undefined) throw wrongOrder('`content`')
    yield value.content
  }
}

export const submit = (context: ServiceContext): ServedMethod<SubmitRequest, Import> => ({
  kind: 'clientStream',
  run: async (running: RunningCall, stream: ServerReadableStream<SubmitRequest, Import>) => {
    const user = importUserOf(await authenticate(running, 'statements/write', context))
    const imports = importsOf(context)
    const { signal } = running
    const stop = (): void => {
      stream.destroy(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
    const messages = (stream as AsyncIterable<SubmitRequest>)[Symbol.asyncIterator]()
    const { value: first } = await messages.next()
    const file: ImportFile | undefined = first?.file
    if (file === undefined) throw wrongOrder('`file`')
    if (file.filename === '') {
      throw new RalphError('INVALID_PARAMETER', '`filename` is empty.', { parameter: 'filename' })
    }
    const record = await imports.submit(
      {
        door: 'grpc',
        reference: file.filename,
        user,
        filename: file.filename,
        mediaType: file.mediaType,
        sha256: file.sha256,
        instructions: instructionsOf(file),
        open: () => contentOf(messages)
      },
      { signal }
    )
    return messageOf(record)
  }
})

/** Of an import that this user may see. `NOT_FOUND` */
const finder = async (running: RunningCall, id: string, scope: Scope, context: ServiceContext) => {
  const asker = await authenticate(running, scope, context)
  const imports = importsOf(context)
  return async (): Promise<ImportRecord> => {
    const record = await imports.find(id)
    if (record !== undefined && mayReadImport(asker, record, context.settings)) return record
    throw new RalphError('NOT_FOUND', `There is no import ${JSON.stringify(id)}.`, { id })
  }
}

export const getImport = (context: ServiceContext): ServedMethod<GetImportRequest, Import> => ({
  kind: 'unary',
  run: async (running, { id }) => messageOf(await (await finder(running, id, 'statements/read/mine', context))())
})

const final: ReadonlySet<string> = new Set(['DONE', 'FAILED', 'SKIPPED'])

export const watchImport = (context: ServiceContext): ServedMethod<GetImportRequest, Import> => ({
  kind: 'serverStream',
  run: async (running, { id }, stream) => {
    const find = await finder(running, id, 'statements/read/mine', context)
    const { stopping, settings } = context
    const signal = AbortSignal.any([running.signal, stopping])
    let told: string | undefined
    for (;;) {
      const record = await find()
      const message = messageOf(record)
      const text = JSON.stringify(message)
      if (text !== told) await sendMessage(stream, message, running, settings.answerTimeout * 1000)
      told = text
      if (final.has(record.status)) return
      await wait(interval, undefined, { signal }).catch(() => {})
      if (running.signal.aborted) return
      if (stopping.aborted) throw new RalphError('INTERRUPTED', 'The server stops: watch again later.')
    }
  }
})
