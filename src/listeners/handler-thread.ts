import { createReadStream } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import {
  type FromThread,
  type HandlerCall,
  type HandlerTask,
  type RouteRequest,
  sentError,
  type ToThread
} from './thread-messages.ts'

/*
 * The thread of a handler: it loads the module, and calls `execute` for one message after the other, and what `routes` has
 * for requests. Database, LRS and log are asked of the first thread.
 */

const port = parentPort
if (port === null) throw new Error('this module is for a thread')
// What `threads.ts` has handed over.
const { module, config } = workerData as HandlerTask
const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
let calls = 0

const send = (message: FromThread): void => port.postMessage(message)

const ask = (of: HandlerCall['of'], name: string, values: readonly unknown[]): Promise<unknown> =>
  new Promise((resolve, reject) => {
    calls += 1
    waiting.set(calls, { resolve, reject })
    send({ kind: 'call', call: { id: calls, of, name, values } })
  })

const asking = (of: HandlerCall['of'], ...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, (...values: readonly unknown[]) => ask(of, name, values)]))

const database = asking('database', 'execute_query', 'execute_script')
const lrs = asking('lrs', 'store')
const log = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((name) => [
    name,
    (text: unknown) => send({ kind: 'call', call: { id: 0, of: 'log', name, values: [String(text)] } })
  ])
)

const { execute, routes = {} }: { readonly execute?: unknown; readonly routes?: unknown } = await import(module)
if (typeof execute !== 'function') throw new Error(`${module} does not export execute`)

const isRoutes = (value: unknown): value is Readonly<Record<string, (context: object) => unknown>> =>
  typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'function')
if (!isRoutes(routes)) throw new Error(`${module} exports routes that are not functions by method and path`)

const answer = async (request: RouteRequest): Promise<void> => {
  try {
    const value = await routes[request.route]?.({ request, config, database, lrs, log })
    send({ kind: 'done', value })
  } catch (error) {
    send({ kind: 'failed', error: sentError(error) })
  }
}

port.on('message', async (message: ToThread) => {
  if (message.kind === 'request') return answer(message.request)
  if (message.kind !== 'work') {
    const found = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.kind === 'answer') found?.resolve(message.value)
    else found?.reject(Object.assign(new Error(message.error.message), { final: message.error.final }))
    return
  }
  const { work } = message
  const data = createReadStream(work.data)
  // Whoever does not read it does not learn that it cannot be read.
  data.on('error', () => {})
  try {
    await execute({ config, database, message: work.message, metadata: work.metadata, data, lrs, log })
    send({ kind: 'done' })
  } catch (error) {
    send({ kind: 'failed', error: sentError(error) })
  } finally {
    data.destroy()
  }
})
send({ kind: 'ready', routes: Object.keys(routes) })
