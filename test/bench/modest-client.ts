import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

/** A process that asks for small things, one after another, until it is told to stop: reads of a page and single POSTs. */

export interface ModestReport {
  readonly requests: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly worst: number
  readonly failed: number
}

const [, , url = ''] = process.argv
const agent = new Agent({ keepAlive: true })
const headers = {
  authorization: `Basic ${Buffer.from('janedoe:supersecret').toString('base64')}`,
  'content-type': 'application/json',
  'x-experience-api-version': '1.0.3'
}
const times: number[] = []
let failed = 0
let stopped = false

const small = (): string =>
  JSON.stringify({
    id: randomUUID(),
    actor: { mbox: 'mailto:modest@example.org' },
    verb: { id: 'http://adlnet.gov/expapi/verbs/answered' },
    object: { id: 'http://example.org/modest' }
  })

const ask = (method: string, path: string, body?: string): Promise<void> =>
  new Promise((resolve) => {
    const began = performance.now()
    const done = (isWell: boolean): void => {
      times.push(performance.now() - began)
      if (!isWell) failed += 1
      resolve()
    }
    const sent = request(url + path, { agent, method, headers }, (response) => {
      response.on('end', () => done(response.statusCode === 200)).resume()
      response.on('error', () => done(false))
    })
    sent.on('error', () => done(false))
    sent.end(body)
  })

const goOn = async (each: () => Promise<void>): Promise<void> => {
  while (!stopped) {
    await each()
    await wait(5)
  }
}

const agentOfPage = encodeURIComponent('{"mbox":"mailto:modest@example.org"}')
const all = Promise.all([
  goOn(() => ask('GET', `/xAPI/statements?limit=10&agent=${agentOfPage}`)),
  goOn(() => ask('POST', '/xAPI/statements', small())),
  goOn(() => ask('GET', '/xAPI/activities?activityId=http%3A%2F%2Fexample.org%2Fmodest'))
])

process.once('disconnect', () => process.exit())
process.once('message', async () => {
  stopped = true
  await all
  times.sort((left, right) => left - right)
  const percentile = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN
  const report: ModestReport = {
    requests: times.length,
    p50: percentile(0.5),
    p99: percentile(0.99),
    worst: times.at(-1) ?? Number.NaN,
    failed
  }
  process.send?.(report, () => process.disconnect())
})
