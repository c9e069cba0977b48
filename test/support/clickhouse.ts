import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { ClickhouseOptions } from '../../src/backends/clickhouse/lrs.ts'

/** Runs SQL on a server, as anybody could. */
export const askClickhouse = async (url: string, sql: string): Promise<string> => {
  const answer = await fetch(`${url}/?mutations_sync=2`, { method: 'POST', body: sql })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text.trim()
}

const at = (url: string): Pick<ClickhouseOptions, 'host' | 'port'> => {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}

/** Options for a backend on a database of its own, which is gone when `t` ends: tear the backend down first. */
export const aDatabase = async (t: Test, url: string): Promise<ClickhouseOptions> => {
  const database = `ralph_test_${randomBytes(6).toString('hex')}`
  await askClickhouse(url, `CREATE DATABASE ${database}`)
  t.teardown(() => askClickhouse(url, `DROP DATABASE IF EXISTS ${database}`))
  return { ...at(url), database, eventTableName: 'xapi_events_all' }
}

/** What becomes of a request: it never arrives, or nothing is heard of what came of it. */
export type Fate = 'passes' | 'is lost' | 'is not answered'

export interface Wire {
  readonly options: Pick<ClickhouseOptions, 'host' | 'port'>
  /** Judges every request by its SQL. */
  fate: (sql: string) => Fate
  /** The SQL of every request, and its parameters. */
  readonly requests: string[]
  readonly parameters: URLSearchParams[]
  /** Rows that the server read for its answers, all in all. */
  rowsRead: number
}

/** A wire to a server that can be cut. */
export const aWire = async (t: Test, url: string): Promise<Wire> => {
  const requests: string[] = []
  const parameters: URLSearchParams[] = []
  const server = createServer(async (incoming, outgoing) => {
    const target = new URL(incoming.url ?? '/', url)
    try {
      const body = await buffer(incoming)
      const sql = target.searchParams.get('query') ?? body.toString()
      requests.push(sql)
      parameters.push(target.searchParams)
      const fate = wire.fate(sql)
      if (fate === 'is lost') throw new Error(fate)
      const forwarded = request(target, { method: incoming.method, headers: incoming.headers })
      forwarded.end(body)
      const [answer] = await once(forwarded, 'response')
      const text = await buffer(answer)
      if (fate === 'is not answered') throw new Error(fate)
      const summary = answer.headers['x-clickhouse-summary']
      if (typeof summary === 'string') wire.rowsRead += Number(JSON.parse(summary).read_rows ?? 0)
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(text)
    } catch {
      incoming.socket.destroy()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  // A TCP server has such an address.
  const { port } = server.address() as AddressInfo
  const wire: Wire = { options: { host: '127.0.0.1', port }, fate: () => 'passes', requests, parameters, rowsRead: 0 }
  return wire
}
