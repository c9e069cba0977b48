import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { type EsOptions, openEs } from '../../src/backends/es/lrs.ts'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { contextOf, type OpenBackend } from '../contracts/open-backend.ts'
import { aClock } from './clock.ts'

/** Options with a prefix of all indices that they lead to. */
export interface SomeIndices extends EsOptions {
  readonly targetPrefix: string
}

/** So that a test need not wait as long as servers do for one that died. */
export const quickLease = { timeToLive: 1500, patience: 20_000, linger: 50 }

/** Asks Elasticsearch behind the server's back. */
export const ask = async (url: string, method: string, path: string, body?: unknown): Promise<unknown> => {
  const answer = await fetch(`${url}/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : {
          headers: { 'Content-Type': path.endsWith('_bulk') ? 'application/x-ndjson' : 'application/json' },
          body: typeof body === 'string' ? body : JSON.stringify(body)
        })
  })
  const text = await answer.text()
  if (answer.status >= 400 && answer.status !== 404) throw new Error(`${method} ${path}: ${text}`)
  return text.startsWith('{') ? JSON.parse(text) : text
}

/** Removes them, whoever uses them. */
const removeIndices = async (url: string, { targetPrefix }: SomeIndices): Promise<void> => {
  const pattern = `${targetPrefix.slice(0, -1)}*`
  const listed = await fetch(`${url}/_cat/indices/${pattern}?h=index&expand_wildcards=all`)
  const names = (await listed.text()).split('\n').filter((name) => name !== '')
  // A path of Elasticsearch has 4 KB, and a stock server takes no pattern.
  for (let start = 0; start < names.length; start += 20) {
    await ask(
      url,
      'DELETE',
      names
        .slice(start, start + 20)
        .map(encodeURIComponent)
        .join(',')
    )
  }
}

/** Indices that nobody has, on a server that others use, too; they are gone when the test ends. */
export const someIndices = (t: Test, url: string): SomeIndices => {
  const prefix = `test-${randomUUID()}`
  const options = { hosts: [url], index: `${prefix}-statements`, targetPrefix: `${prefix}.`, allowYellowStatus: true }
  t.teardown(() =>
    removeIndices(url, options).catch((error: unknown) => t.comment(`${prefix} is left behind: ${error}`))
  )
  return options
}

/** Several servers on the same indices: each has its own connections and its own clock, so many microseconds off. */
export const servers = (t: Test, options: EsOptions, ...offsets: number[]): LrsBackend[] =>
  offsets.map((offset) => {
    const clock = aClock()
    clock.shift(offset)
    const backend = openEs(options, contextOf(t, clock.now, ''))
    t.teardown(() => backend.close())
    return backend
  })

export const server = (t: Test, options: EsOptions): LrsBackend => {
  const [only] = servers(t, options, 0)
  if (only === undefined) throw new Error('one server was opened')
  return only
}

export const esOpener =
  (url: string): OpenBackend =>
  async (t, clock) => {
    const options = someIndices(t, url)
    const context = contextOf(t, clock, '')
    let backend = openEs(options, context)
    t.teardown(() => backend.close())
    return {
      backend,
      reopen: async () => {
        await backend.close()
        backend = openEs(options, context)
        return backend
      }
    }
  }
