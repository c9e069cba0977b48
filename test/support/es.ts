import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { type EsOptions, openEs } from '../../src/backends/es/lrs.ts'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { contextOf, type OpenBackend } from '../contracts/open-backend.ts'
import type { BatchedData } from '../contracts/write-batches.ts'
import { aClock } from './clock.ts'

/** Options with a prefix of all indices that they lead to. */
export interface SomeIndices extends EsOptions {
  readonly targetPrefix: string
}

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

export const countIn = async (url: string, index: string): Promise<number> => {
  await ask(url, 'POST', `${index}/_refresh`)
  return ((await ask(url, 'GET', `${index}/_count`)) as { count: number }).count
}

interface Hits {
  readonly hits: { readonly hits: readonly { readonly _id: string; readonly _source: object }[] }
}

const documentsIn = async (url: string, index: string): Promise<Hits['hits']['hits']> => {
  await ask(url, 'POST', `${index}/_refresh`)
  const { hits } = (await ask(url, 'POST', `${index}/_search?size=1000`, {})) as Hits
  return hits.hits
}

/** Writes documents to an index as Python Ralph does. */
export const writeAsPython = async (url: string, index: string, sources: readonly object[]): Promise<void> => {
  const lines = sources.map((source) => {
    const id = 'id' in source ? { _id: source.id } : {}
    return `${JSON.stringify({ index: { _index: index, ...id } })}\n${JSON.stringify(source)}\n`
  })
  const { errors } = (await ask(url, 'POST', '_bulk', lines.join(''))) as { errors: boolean }
  if (errors) throw new Error('Python Ralph could not write')
}

/** For `writeBatchContract`. */
export const batchedEs = (t: Test, url: string): BatchedData => {
  const options = someIndices(t, url)
  const { index } = options
  const [relations, kept, lease] = [`${index}~~relations`, `${index}~~kept`, `${index}~~kept/_doc/lease`]
  const leaseNow = async () => ((await ask(url, 'GET', lease)) as { _source: { last: number } })._source
  return {
    server: ({ lease, clock = aClock().now } = {}) => {
      const backend = openEs({ ...options, ...(lease && { lease }) }, contextOf(t, clock, ''))
      t.teardown(() => backend.close())
      return backend
    },
    lease: {
      last: async () => (await leaseNow()).last,
      change: async (parts) => void (await ask(url, 'PUT', lease, { ...(await leaseNow()), ...parts })),
      remove: async () => void (await ask(url, 'DELETE', lease))
    },
    hidesRestored: true,
    count: async () => ({ statements: await countIn(url, index), others: await countIn(url, kept) }),
    // Their source says only which batch wrote them. The rest is in the fields of the index, which readers see.
    relations: async () => new Map((await documentsIn(url, relations)).map(({ _id }) => [_id, undefined])),
    writeAsPython: (statements) => writeAsPython(url, index, statements),
    readAsPython: async () => {
      const all = await documentsIn(url, index)
      return all.map(({ _id, _source }) => ({ _id, _source })).sort((a, b) => (a._id < b._id ? -1 : 1))
    }
  }
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
