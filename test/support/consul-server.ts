import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { startConsulProgram } from './consul-program.ts'
import { createState, type Entry, type State, type Step, secondsOf } from './consul-state.ts'

export interface ConsulServer {
  readonly url: string
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface ConsulServerOptions {
  /** Its `session_ttl_min`, in seconds. */
  readonly shortestSession?: number
  /** The only token of its ACL; undefined: it has no ACL. */
  readonly token?: string
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

const shown = ([Key, { value, created, modified, session, locks }]: readonly [string, Entry]) => ({
  LockIndex: locks,
  Key,
  Flags: 0,
  Value: value.length === 0 ? null : value.toString('base64'),
  CreateIndex: created,
  ModifyIndex: modified,
  ...(session === undefined ? {} : { Session: session })
})

const readKeys = async (state: State, key: string, query: URLSearchParams, response: ServerResponse) => {
  const isPrefix = query.has('recurse') || query.has('keys')
  const from = Number(query.get('index') ?? '0')
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const end = performance.now() + secondsOf(query.get('wait') ?? '5m') * 1000
  while (from > 0 && state.indexOf(key, isPrefix) <= from && performance.now() < end && !gone.signal.aborted)
    await state.next(end - performance.now(), gone.signal)
  const found = [...state.entries]
    .filter(([name]) => (isPrefix ? name.startsWith(key) : name === key))
    .toSorted(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
  response.setHeader('X-Consul-Index', String(state.indexOf(key, isPrefix)))
  response.statusCode = found.length === 0 ? 404 : 200
  if (found.length === 0) return ''
  const separator = query.get('separator')
  const until = (name: string): string => {
    const at = separator === null ? -1 : name.indexOf(separator, key.length)
    return at === -1 ? name : name.slice(0, at + 1)
  }
  if (query.has('keys')) return JSON.stringify([...new Set(found.map(([name]) => until(name)))])
  return JSON.stringify(found.map(shown))
}

const answerKeys = async (state: State, key: string, request: IncomingMessage, response: ServerResponse, url: URL) => {
  if (request.method === 'GET') return readKeys(state, key, url.searchParams, response)
  const body = await bodyOf(request)
  if (request.method === 'DELETE') {
    const isBelow = (name: string): boolean => name.startsWith(key)
    state.removeAll(url.searchParams.has('recurse') ? [...state.entries.keys()].filter(isBelow) : [key])
    return 'true'
  }
  const session = url.searchParams.get('acquire')
  if (session !== null) return String(state.acquire(key, body, session))
  state.write(key, body)
  return 'true'
}

const answerSessions = async (state: State, request: IncomingMessage, response: ServerResponse, path: string) => {
  const [verb = '', id = ''] = path.split('/')
  const body = await bodyOf(request)
  if (verb === 'create') {
    try {
      return JSON.stringify({ ID: state.create(JSON.parse(body.toString() || '{}')) })
    } catch (error) {
      response.statusCode = 400
      return String(error)
    }
  }
  if (verb === 'destroy') {
    state.end(id)
    return 'true'
  }
  const session = state.sessions.get(id)
  response.statusCode = session === undefined ? 404 : 200
  if (session === undefined) return `Session id '${id}' not found`
  state.live(id, session)
  return JSON.stringify([{ ID: id, TTL: `${session.ttl}s` }])
}

const answer = async (state: State, request: IncomingMessage, response: ServerResponse, token: string | undefined) => {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const given = request.headers['x-consul-token']
  if (token !== undefined && given !== token) {
    response.statusCode = 403
    return given === undefined ? 'Permission denied: anonymous token lacks permission' : 'ACL not found'
  }
  const [, version, kind, ...rest] = url.pathname.split('/')
  const path = rest.map(decodeURIComponent).join('/')
  if (version === 'v1' && kind === 'kv') return answerKeys(state, path, request, response, url)
  if (version === 'v1' && kind === 'session') return answerSessions(state, request, response, path)
  if (version === 'v1' && kind === 'txn') {
    const steps: readonly { readonly KV: Step }[] = JSON.parse((await bodyOf(request)).toString())
    const said = state.transact(steps.map(({ KV }) => KV))
    response.statusCode = said.Errors === null ? 200 : 409
    return JSON.stringify(said)
  }
  response.statusCode = 404
  return 'Invalid URL path'
}

/**
 * A server of the tests' own that follows Consul's public HTTP API, as far as a registry needs it. What it holds survives `kill`, and its
 * sessions begin anew then, as those of a real one do.
 */
const startOwn = async ({ shortestSession = 10, token }: ConsulServerOptions): Promise<ConsulServer> => {
  const state = createState(shortestSession)
  const sockets = new Set<Socket>()
  let server: Server
  const listen = async (port: number): Promise<void> => {
    server = createServer((request, response) => {
      answer(state, request, response, token).then(
        (body) => response.end(body),
        (error) => {
          response.statusCode = 500
          response.end(String(error))
        }
      )
    })
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const kill = async (): Promise<void> => {
    if (!server.listening) return
    for (const { timer } of state.sessions.values()) clearTimeout(timer)
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  let port = 0
  // Below the ports that the system gives to clients: nobody takes it while this server is down.
  while (port === 0) {
    const tried = 15_000 + Math.floor(Math.random() * 15_000)
    port = await listen(tried).then(
      () => tried,
      () => 0
    )
  }
  return {
    url: `http://127.0.0.1:${port}`,
    kill,
    restart: async () => {
      await kill()
      for (const [id, session] of state.sessions) state.live(id, session)
      await listen(port)
    },
    stop: kill
  }
}

/** Consul for a test: the program that `RALPH_TEST_CONSUL_PROGRAM` names, or the server of the tests' own. */
export const aConsul = async (t: Test, options: ConsulServerOptions = {}): Promise<ConsulServer> => {
  const program = process.env.RALPH_TEST_CONSUL_PROGRAM
  const directory = program === undefined ? undefined : mkdtempSync(join(tmpdir(), 'consul-'))
  const server = await (program === undefined || directory === undefined
    ? startOwn(options)
    : startConsulProgram(program, directory, options))
  t.teardown(async () => {
    await server.stop()
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
  })
  return server
}
