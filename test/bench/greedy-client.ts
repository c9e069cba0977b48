import { request } from 'node:http'
import { greedyRequests } from './greedy-requests.ts'

/** A process that asks for one of the greedy things; tells when its bodies are ready, and sends them when it is told to. */

export interface GreedyReport {
  /** Milliseconds until the last was answered. */
  readonly took: number
  /** Status, or why there is none. */
  readonly answers: readonly string[]
}

const [, , url = '', name = ''] = process.argv
const asked = greedyRequests[name]
if (asked === undefined) throw new Error(`there is no greedy request ${name}`)
const headers = {
  authorization: `Basic ${Buffer.from('janedoe:supersecret').toString('base64')}`,
  'content-type': 'application/json',
  'x-experience-api-version': '1.0.3'
}
const bodies = Array.from({ length: asked.times ?? 1 }, () =>
  asked.body === undefined ? undefined : Buffer.from(asked.body())
)

const ask = (body: Buffer | undefined): Promise<string> =>
  new Promise((resolve) => {
    const length = body === undefined ? {} : { 'content-length': String(body.length) }
    const type = asked.contentType === undefined ? {} : { 'content-type': asked.contentType }
    const options = { method: asked.method, headers: { ...headers, ...type, ...length } }
    const sent = request(url + asked.path, options, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        if (text.length < 300) text += chunk.toString('latin1', 0, 300)
      })
      response.on('end', () =>
        resolve(`${response.statusCode}${response.statusCode === 200 ? '' : ` ${text.slice(0, 160)}`}`)
      )
      response.on('error', (error) => resolve(String(error)))
    })
    sent.on('error', (error) => resolve(String(error)))
    sent.end(body)
  })

process.once('message', async () => {
  const began = performance.now()
  const answers = await Promise.all(bodies.map(ask))
  process.send?.({ took: performance.now() - began, answers } satisfies GreedyReport, () => process.disconnect())
})
process.send?.('ready')
