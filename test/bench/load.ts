import { Agent, request } from 'node:http'
import autocannon from 'autocannon'
import { sampleStatements } from '../../src/sample/index.ts'
import { freshStatements } from './corpus.ts'

/** What one process of load generation is asked for. */
export type LoadOrder =
  /** Statements with fresh ids, `size` to a request; 1: a single object. */
  | {
      readonly kind: 'post'
      readonly url: string
      readonly size: number
      readonly connections: number
      readonly seconds: number
      /** Requests that a peer fails at are not counted; ours may fail at none. */
      readonly mayFail?: true
    }
  | {
      readonly kind: 'get'
      readonly url: string
      readonly path: string
      /** Asks for another page each time: up to some moment between these two, in milliseconds since 1970. */
      readonly until?: readonly [from: number, to: number]
      readonly connections: number
      readonly seconds: number
    }
  /** One request after the other, the paths in turn. */
  | { readonly kind: 'ask'; readonly url: string; readonly paths: readonly string[]; readonly requests: number }
  /** Statements `from` up to `to` (exclusive) of the generator, as they are. */
  | { readonly kind: 'fill'; readonly url: string; readonly from: number; readonly to: number }

export interface LoadReport {
  readonly requestsPerSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

const headers = {
  authorization: `Basic ${Buffer.from('janedoe:supersecret').toString('base64')}`,
  'content-type': 'application/json',
  'x-experience-api-version': '1.0.3'
}

const reportOf = (result: autocannon.Result, mayFail = false): LoadReport => {
  const { errors, timeouts, non2xx } = result
  if (result['2xx'] === 0 || (!mayFail && errors + timeouts + non2xx > 0)) {
    throw new Error(`the server failed: ${JSON.stringify({ errors, timeouts, non2xx, '2xx': result['2xx'] })}`)
  }
  return {
    requestsPerSecond: result['2xx'] / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99
  }
}

const post = async ({
  url,
  size,
  connections,
  seconds,
  mayFail
}: LoadOrder & { kind: 'post' }): Promise<LoadReport> => {
  const statements = freshStatements()
  const setupRequest = (request: autocannon.Request): autocannon.Request => ({
    ...request,
    body: size === 1 ? statements.next() : statements.nextArray(size)
  })
  const requests = [{ method: 'POST', path: '/xAPI/statements', headers, setupRequest }]
  await autocannon({ url, connections, duration: 1, requests })
  return reportOf(await autocannon({ url, connections, duration: seconds, requests }), mayFail)
}

/** Ever other moments between two, all over the time between them. */
const moments = function* ([from, to]: readonly [number, number]): Generator<string> {
  for (let place = 0; ; place = (place + 0.618_033_988_749_895) % 1) {
    const moment = from + place * (to - from)
    const micros = String(Math.floor((moment % 1) * 1000)).padStart(3, '0')
    yield `${new Date(moment).toISOString().slice(0, -1)}${micros}Z`
  }
}

const get = async (order: LoadOrder & { kind: 'get' }): Promise<LoadReport> => {
  const { url, path, until, connections, seconds } = order
  const times = until && moments(until)
  const setupRequest = (request: autocannon.Request): autocannon.Request =>
    times === undefined ? request : { ...request, path: `${path}&until=${times.next().value}` }
  const requests = [{ method: 'GET', path, headers, setupRequest }]
  await autocannon({ url, connections, duration: 1, requests })
  return reportOf(await autocannon({ url, connections, duration: seconds, requests }))
}

/** autocannon counts whole milliseconds; this clock is finer. */
const ask = async ({ url, paths, requests }: LoadOrder & { kind: 'ask' }): Promise<LoadReport> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const once = (path: string): Promise<void> =>
    new Promise((resolve, reject) => {
      request(url + path, { agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${response.statusCode} from ${path}`))
        response.on('end', resolve).resume()
      })
        .on('error', reject)
        .end()
    })
  const times: number[] = []
  const warmUp = Math.max(100, paths.length)
  for (let asked = 0; asked < warmUp + requests; asked++) {
    const began = performance.now()
    await once(paths[asked % paths.length] ?? '')
    if (asked >= warmUp) times.push(performance.now() - began)
  }
  agent.destroy()
  times.sort((left, right) => left - right)
  const percentile = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN
  const total = times.reduce((sum, time) => sum + time, 0)
  return { requestsPerSecond: (1000 * times.length) / total, p50: percentile(0.5), p99: percentile(0.99) }
}

const fill = async ({ url, from, to }: LoadOrder & { kind: 'fill' }): Promise<LoadReport> => {
  const began = performance.now()
  let batch: string[] = []
  let told = 0
  const send = async (): Promise<void> => {
    const response = await fetch(`${url}/xAPI/statements`, { method: 'POST', headers, body: `[${batch.join(',')}]` })
    if (!response.ok) throw new Error(`filling failed: ${response.status} ${await response.text()}`)
    await response.arrayBuffer()
    batch = []
  }
  // One batch at a time: statements come in the order in which they happened.
  for (const statement of sampleStatements({ count: to })) {
    if (told++ < from) continue
    if (batch.push(JSON.stringify(statement)) === 500) await send()
  }
  if (batch.length > 0) await send()
  return { requestsPerSecond: (to - from) / ((performance.now() - began) / 1000), p50: 0, p99: 0 }
}

const carryOut = (order: LoadOrder): Promise<LoadReport> => {
  if (order.kind === 'post') return post(order)
  if (order.kind === 'get') return get(order)
  if (order.kind === 'ask') return ask(order)
  return fill(order)
}

process.once('message', async (order: LoadOrder) => {
  process.send?.(await carryOut(order), () => process.disconnect())
})
