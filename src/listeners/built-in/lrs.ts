import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import type { DeliveredStatement, DeliveryReport, Imports } from '../../contracts/imports.ts'
import type { HandlerLrs } from '../../contracts/listeners.ts'
import { RalphError } from '../../errors.ts'
import { createLimit } from '../../streams/limit.ts'
import type { HandlerConfig } from '../config.ts'
import type { FoundData, FoundWork, RunningHandler } from '../running-handler.ts'
import { HandlerFailure } from '../threads.ts'
import { createTogether } from './together.ts'

/** The LRS of this process, opened when it is needed. */
export interface ListenerLrs extends HandlerLrs {
  imports(): Promise<Imports>
  /** Those of data that is nothing else, each with its id; undefined: it is to be imported. */
  statementsIn(data: string): readonly DeliveredStatement[] | undefined
  /** As an import delivers them, in the name of the operator. */
  deliver(statements: readonly DeliveredStatement[]): Promise<DeliveryReport>
}

/** Bytes: what is longer is an import. */
const longestText = 2 ** 16

/** Imports that are worked on at the same time: each has its bytes in staging. */
const mostImports = 8

const textOf = async (data: FoundData): Promise<string | undefined> => {
  if ('text' in data) return data.text.length <= longestText ? data.text : undefined
  const { size } = await stat(data.path)
  return size <= longestText ? readFile(data.path, 'utf8') : undefined
}

/**
 * The handler `lrs`. A few plain statements are written together with those of other messages. All else goes the way of
 * `ralph import`: what must be unpacked, converted or told of in a report. The broker keeps the message until that is done,
 * so an import that is to be tried again is tried with its message.
 */
export const lrsHandler = ({ name, supportedMime }: HandlerConfig, lrs: ListenerLrs): RunningHandler => {
  const write = createTogether(lrs.deliver)
  const inTurn = createLimit(mostImports)

  /** False: it is to be imported. */
  const store = async (data: FoundData): Promise<boolean> => {
    const text = await textOf(data)
    const statements = text === undefined ? undefined : lrs.statementsIn(text)
    if (statements === undefined) return false
    // One that is refused has a record, with a report.
    return (await write(statements)).length === 0
  }

  const runImport = async ({ message, metadata, data }: FoundWork): Promise<void> => {
    const imports = await lrs.imports()
    const { id } = await imports.submit(
      {
        door: 'listener',
        reference: message.uuid,
        filename: basename(message.data_location),
        mediaType: message.type,
        metadata,
        open: () =>
          'text' in data
            ? Readable.from([Buffer.from(data.text)])
            : createReadStream(data.path, { highWaterMark: 2 ** 17 })
      },
      { hold: true }
    )
    const { status, trouble } = await imports.run(id)
    if (status === 'DONE') return
    const reason = trouble === undefined ? status : `${trouble.code}: ${trouble.message}`
    if (status === 'RETRY') await imports.remove(id)
    throw new HandlerFailure(status === 'RETRY' ? reason : `${reason} (import ${id})`, status !== 'RETRY')
  }

  const runFound = async (work: FoundWork): Promise<void> => {
    try {
      if (await store(work.data)) return
    } catch (error) {
      // A store that is away is away for an import, too.
      const code = error instanceof RalphError ? error.code : 'INTERNAL'
      if (code === 'STORE_UNAVAILABLE' || code === 'STORE_FULL')
        throw new HandlerFailure(`${code}: ${String(error)}`, false)
    }
    await inTurn(() => runImport(work))
  }

  return {
    name,
    supportedMime,
    runFound,
    run: ({ data, ...work }) => runFound({ ...work, data: { path: data } }),
    close: async () => {}
  }
}
