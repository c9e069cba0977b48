import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  ConfigBlock,
  DeadLetter,
  Delivered,
  ListenerDatabase,
  ListenerMessage,
  ProcessMessage,
  Verdict
} from '../contracts/listeners.ts'
import type { Log } from '../contracts/log.ts'
import { messageOf, RalphError } from '../errors.ts'
import type { RetryPlan } from '../network/retry.ts'
import { createLimit } from '../streams/limit.ts'
import { type MessageFields, parseMessage } from './message.ts'
import type { FoundData, FoundWork, RunningHandler } from './running-handler.ts'
import { sentError } from './thread-messages.ts'
import { isBlock } from './values.ts'

export interface ProcessOptions {
  readonly fields: MessageFields
  readonly database: ListenerDatabase
  readonly handlers: readonly RunningHandler[]
  /** Temporary files lie there. */
  readonly directory: string
  /** Messages that are processed at the same time. */
  readonly concurrency: number
  readonly plan: RetryPlan
  readonly log: Log
  fetchData(message: ListenerMessage, directory: () => Promise<string>): Promise<FoundData>
  /** Undefined: there is no metadata store. */
  readonly fetchMetadata: ((reference: string) => Promise<ConfigBlock>) | undefined
}

const takes = ({ supportedMime }: RunningHandler, type: string): boolean => {
  const plain = type.split(';')[0]?.trim().toLowerCase() ?? ''
  return (
    supportedMime.length === 0 ||
    supportedMime.some((each) => {
      const wanted = each.trim().toLowerCase()
      return wanted === plain || (wanted.endsWith('/*') && plain.startsWith(wanted.slice(0, -1)))
    })
  )
}

/** The metadata that a message brings itself: an object, or the JSON of one. */
const ownMetadata = (value: unknown): ConfigBlock => {
  let parsed = value
  if (typeof value === 'string') {
    try {
      parsed = JSON.parse(value)
    } catch (error) {
      throw new RalphError('INVALID_JSON', `the metadata of the message is not valid JSON: ${messageOf(error)}`)
    }
  }
  if (isBlock(parsed)) return parsed
  throw new RalphError('INVALID_JSON', 'the metadata of the message is not a JSON object')
}

/** Seconds before the next attempt. Without chance: there is a queue for each length. */
const pauseAfter = (attempt: number, { firstPause, longestPause }: RetryPlan): number =>
  Math.min(longestPause, firstPause * 2 ** Math.min(attempt - 1, 30)) / 1000

/** Temporary files of one message. */
interface OwnDirectory {
  /** It is made when it is asked for the first time. */
  path(): Promise<string>
  remove(): Promise<void>
}

const ownDirectory = (base: string): OwnDirectory => {
  let made: Promise<string> | undefined
  return {
    path: () => {
      made ??= mkdtemp(join(base, 'message-'))
      return made
    },
    remove: async () => {
      if (made !== undefined) await rm(await made, { recursive: true, force: true })
    }
  }
}

const fileOf = async (data: FoundData, directory: OwnDirectory): Promise<string> => {
  if ('path' in data) return data.path
  const path = join(await directory.path(), 'data')
  await writeFile(path, data.text, { flag: 'wx', mode: 0o600 })
  return path
}

interface Failure extends DeadLetter {
  readonly handler: string
  readonly final: boolean
}

/** All at once. */
const runAll = async (
  wanted: readonly RunningHandler[],
  work: FoundWork,
  pathOf: (data: FoundData) => Promise<string>
): Promise<readonly Failure[]> => {
  const path = wanted.every(({ runFound }) => runFound !== undefined) ? '' : await pathOf(work.data)
  const results = await Promise.all(
    wanted.map(async (handler): Promise<readonly Failure[]> => {
      try {
        await (handler.runFound?.(work) ?? handler.run({ ...work, data: path }))
        return []
      } catch (error) {
        const { message, final } = sentError(error)
        return [{ handler: handler.name, reason: message, final }]
      }
    })
  )
  return results.flat()
}

export const createProcess = (options: ProcessOptions): ProcessMessage => {
  const { fields, database, handlers, plan, log } = options
  const inTurn = createLimit(options.concurrency)

  const end = async (
    message: Parameters<ListenerDatabase['update_message']>[0],
    verdict: Verdict,
    info?: string
  ): Promise<Verdict> => {
    await database.update_message(message, verdict.status, info)
    const said = `message ${message.uuid}: ${verdict.status}${info === undefined ? '' : `, ${info}`}`
    if (verdict.status === 'DONE') log.debug(said)
    else if (verdict.status === 'SKIPPED') log.info(said)
    else log.warn(said)
    return verdict
  }

  /** On the way: what is written later says more, and that is waited for. */
  const note = (message: ListenerMessage, status: 'VALIDATING' | 'QUERYING' | 'PROCESSING'): void => {
    database.update_message(message, status).catch((error: unknown) => log.debug(messageOf(error)))
  }

  const judge = async (
    message: ListenerMessage,
    failures: readonly Failure[],
    { attempt = 1, failed = [] }: Delivered
  ): Promise<Verdict> => {
    const info = failures.map(({ handler, reason }) => `${handler}: ${reason}`).join('; ')
    const again = attempt < plan.attempts ? failures.filter(({ final }) => !final) : []
    const over = failures.filter((each) => !again.includes(each))
    const deadLetters = over.map(({ handler, reason }) => ({ handler, reason }))
    const failedNow = [...failed, ...over.map(({ handler }) => handler)]
    if (again.length > 0) {
      const retry = {
        seconds: pauseAfter(attempt, plan),
        handlers: again.map(({ handler }) => handler),
        failed: failedNow
      }
      return end(message, { status: 'RETRY', retry, deadLetters }, info)
    }
    if (failedNow.length === 0) return end(message, { status: 'DONE', deadLetters })
    return end(message, { status: 'FAILED', deadLetters }, info || `failed before: ${failedNow.join(', ')}`)
  }

  const lookUp = async (message: ListenerMessage, metadata: unknown, directory: OwnDirectory): Promise<FoundWork> => {
    const own = metadata === undefined || metadata === null || metadata === '' ? undefined : ownMetadata(metadata)
    const [data, found] = await Promise.all([
      options.fetchData(message, directory.path),
      own ?? options.fetchMetadata?.(message.meta_location) ?? {}
    ])
    return { message, metadata: found, data }
  }

  const notThere = (message: ListenerMessage, error: unknown, delivered: Delivered): Promise<Verdict> => {
    const { attempt = 1, handlers: pending, failed = [] } = delivered
    const reason = messageOf(error)
    const isVerdict = error instanceof RalphError && error.code === 'INVALID_JSON'
    if (isVerdict || attempt >= plan.attempts) {
      return end(message, { status: 'FAILED', deadLetters: [{ reason }] }, reason)
    }
    const retry = { seconds: pauseAfter(attempt, plan), handlers: pending, failed }
    return end(message, { status: 'RETRY', retry, deadLetters: [] }, reason)
  }

  const work = async (delivered: Delivered): Promise<Verdict> => {
    const parsed = parseMessage(delivered.body, fields)
    if ('problem' in parsed) {
      return end(parsed.row, { status: 'FAILED', deadLetters: [{ reason: parsed.problem }] }, parsed.problem)
    }
    const { message, metadata } = parsed
    const { attempt = 1, handlers: pending } = delivered
    // It was delivered twice, and the other one was faster.
    if (attempt > 1 && (await database.message_status?.(message.uuid)) === 'DONE') {
      return { status: 'DONE', deadLetters: [] }
    }
    const wanted = handlers.filter((each) => takes(each, message.type) && (pending?.includes(each.name) ?? true))
    if (wanted.length === 0) {
      return end(message, { status: 'SKIPPED', deadLetters: [] }, `no handler takes ${message.type}`)
    }
    note(message, 'VALIDATING')
    const directory = ownDirectory(options.directory)
    try {
      note(message, 'QUERYING')
      let found: FoundWork
      try {
        found = await lookUp(message, metadata, directory)
      } catch (error) {
        return await notThere(message, error, delivered)
      }
      note(message, 'PROCESSING')
      return await judge(message, await runAll(wanted, found, (data) => fileOf(data, directory)), delivered)
    } finally {
      await directory.remove()
    }
  }

  return (delivered) => inTurn(() => work(delivered))
}
