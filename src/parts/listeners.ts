import type { DeliveredStatement, DeliveryReport, Imports } from '../contracts/imports.ts'
import type { ConfigBlock } from '../contracts/listeners.ts'
import { RalphError } from '../errors.ts'
import { openImports } from '../imports/open.ts'
import { statementsIn } from '../imports/statements-in.ts'
import type { ListenerLrs } from '../listeners/built-in/lrs.ts'
import type { PipelineConfig } from '../listeners/config.ts'
import { type ListenerDoorAddress, openDoor } from '../listeners/door.ts'
import { type PipelineContext, runPipeline } from '../listeners/pipeline.ts'
import { createOnce } from '../storage/once.ts'
import { type ImportsForOptions, openLrs } from './imports-for.ts'

export interface ListenersOptions
  extends Omit<ImportsForOptions, 'urls' | 'places'>,
    Omit<PipelineContext, 'lrs' | 'onStart'> {
  /** Undefined: there is no door. */
  readonly door: ListenerDoorAddress | undefined
}

interface OpenedLrs {
  readonly lrs: ReturnType<typeof openLrs>
  readonly imports: Imports
}

const idOf = ({ id }: ConfigBlock): string => (typeof id === 'string' ? id.toLowerCase() : '')

/** The LRS of this process. It is opened when a handler needs it. */
const lrsOf = (options: ListenersOptions): ListenerLrs & { close(): Promise<void> } => {
  const { settings, originals, clock, log } = options
  const opening = createOnce<OpenedLrs>()
  const opened = (): Promise<OpenedLrs> =>
    opening.get('lrs', async () => {
      const lrs = openLrs(options)
      await lrs.ready()
      return { lrs, imports: await openImports({ settings, handlers: [lrs.handler], originals, clock, log }) }
    })
  const deliver = async (statements: readonly DeliveredStatement[]): Promise<DeliveryReport> => {
    const { handler } = (await opened()).lrs
    return handler.deliver(statements, { user: undefined, id: '', signal: new AbortController().signal })
  }
  return {
    imports: async () => (await opened()).imports,
    deliver,
    statementsIn,
    store: async (statements) => {
      const delivered = statements.map((each) => ({ text: JSON.stringify(each), id: idOf(each) }))
      const { written, already, rejected } = await deliver(delivered)
      const [first] = rejected
      if (first === undefined) return { written, already }
      throw new RalphError(
        'INVALID_STATEMENT',
        `${rejected.length} of ${statements.length} statements were rejected: number ${first.index}, ${first.reason}`
      )
    },
    close: async () => {
      const last = await opening.all()[0]?.catch(() => undefined)
      await last?.imports.close()
      await last?.lrs.close()
    }
  }
}

/** Runs pipelines until the signal is aborted. If one cannot start, or fails, all end. */
export const runListeners = async (pipelines: readonly PipelineConfig[], options: ListenersOptions): Promise<void> => {
  const lrs = lrsOf(options)
  const { door: address, clock, log } = options
  const door = address && (await openDoor(address, { pipelines: pipelines.length, clock, log }))
  const ending = new AbortController()
  const signal = AbortSignal.any([options.signal, ending.signal])
  try {
    const results = await Promise.allSettled(
      pipelines.map((each) =>
        runPipeline(each, { ...options, lrs, signal, onStart: (running) => door?.add(running) }).catch(
          (error: unknown) => {
            ending.abort(error)
            throw error
          }
        )
      )
    )
    const failed = results.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected' && !options.signal.aborted) throw failed.reason
  } finally {
    await door?.close()
    await lrs.close()
  }
}
