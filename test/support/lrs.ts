import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Test } from 'tap'
import { lrsBackends } from '../../src/backends/registry.ts'
import type { Clock } from '../../src/contracts/clock.ts'
import type { Forwardings } from '../../src/contracts/forwardings.ts'
import type { RunningPart } from '../../src/contracts/part.ts'
import type { HttpPlugin } from '../../src/http/plugin.ts'
import { plugins as shipped } from '../../src/http/plugins.ts'
import { buildServer } from '../../src/http/server.ts'
import { openAccess } from '../../src/identity/access/open.ts'
import { openAuthenticators } from '../../src/identity/authenticators.ts'
import { askFirst } from '../../src/identity/chain.ts'
import type { PasswordOptions } from '../../src/identity/passwords.ts'
import type { ServerSettings } from '../../src/settings/settings.ts'
import type { Statement } from '../../src/xapi/statement.ts'
import type { Version } from '../../src/xapi/version.ts'
import { type Answer, jsonOf, requireSound, textOf } from './answer.ts'
import { isEngineName } from './engines/engine.ts'
import { missingEngine } from './engines/engine-for.ts'
import { openBackend, placeFor } from './lrs-place.ts'
import { freshUsers, password, type Username, writeAuthFile } from './lrs-users.ts'
import { sendBytes } from './raw-http.ts'

/** A whole server: real sockets, a real backend on a real engine, a real auth file. `RALPH_TEST_BACKEND` names only one. */

const { RALPH_TEST_BACKEND: chosen } = process.env
export const testedBackends: readonly string[] = chosen === undefined ? lrsBackends.map(({ name }) => name) : [chosen]
/** Tests that touch no store run on this one only. */
const anyBackend = chosen ?? 'sqlite'

/** Nothing is left of it after a restart. */
export const isDurable = (backend: string): boolean => backend !== 'memory'

export const basic = (username: string, secret = password): string =>
  `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`

type Query = Readonly<Record<string, string | number | boolean | object>>
const queryText = (query: Query): string =>
  new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value)
    ])
  ).toString()

export interface Request {
  /** Objects become JSON text. */
  readonly query?: Query
  /** Undefined: not sent. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Bytes, text, or a value that becomes JSON. */
  readonly body?: unknown
}

const isBytes = (body: unknown): body is string | Uint8Array<ArrayBuffer> | ReadableStream =>
  typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream

/** One user who speaks one version. */
export interface Client {
  readonly username: string
  /** `path` below the root of the server, query and all if `query` is not given. Throws for an answer that is unsound. */
  send(method: string, path: string, request?: Request): Promise<Answer>
  /** The same user in another version; null: without the header. */
  speaking(version: string | null): Client
  /** POST of one statement or a list of them, or of the body in `request`. */
  post(body: unknown, request?: Request): Promise<Answer>
  get(query?: Query, request?: Request): Promise<Answer>
  /** POST that must succeed; the ids. */
  store(...statements: readonly object[]): Promise<string[]>
  /** Ids of the first page of a list, newest first unless the query says otherwise; the request must succeed. */
  list(query?: Query): Promise<string[]>
  /** One statement by its id, voided or not; the request must succeed. */
  read(id: string | undefined, query?: Query): Promise<Statement>
}

const expectStatus = (answer: Answer, status: number): Answer => {
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${textOf(answer)}`)
  return answer
}

interface Running {
  readonly port: number
  readonly log: readonly string[]
}

const clientOf = (running: () => Running, username: string, version: string | null): Client => {
  const send: Client['send'] = async (method, path, { query, headers = {}, body } = {}) => {
    const { port, log } = running()
    const all: Record<string, string | undefined> = {
      authorization: basic(username),
      'x-experience-api-version': version ?? undefined,
      ...(body !== undefined && !isBytes(body) ? { 'content-type': 'application/json' } : {}),
      ...headers
    }
    const url = `${path}${query === undefined ? '' : `?${queryText(query)}`}`
    const response = await fetch(`http://127.0.0.1:${port}${url}`, {
      method,
      headers: Object.entries(all).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, value]]
      ),
      redirect: 'manual',
      ...(body === undefined ? {} : { body: isBytes(body) ? body : JSON.stringify(body), duplex: 'half' })
    })
    const answer = {
      status: response.status,
      headers: response.headers,
      body: Buffer.from(await response.arrayBuffer())
    }
    return requireSound(answer, { method, path: url }, () => log.slice(-3).join(''))
  }
  const get: Client['get'] = (query = {}, request = {}) => send('GET', '/xAPI/statements', { query, ...request })
  return {
    username,
    send,
    get,
    speaking: (other) => clientOf(running, username, other),
    post: (body, request = {}) => send('POST', '/xAPI/statements', { body, ...request }),
    store: async (...statements) =>
      jsonOf(expectStatus(await send('POST', '/xAPI/statements', { body: statements }), 200)),
    list: async (query) => idsIn(expectStatus(await get(query), 200)),
    read: async (id, query) => jsonOf(expectStatus(await get({ statementId: id ?? '', ...query }), 200))
  }
}

/** Ids of the statements on a page. */
export const idsIn = (answer: Answer): string[] => jsonOf(answer).statements.map(({ id }: Statement) => id)

export interface Lrs {
  readonly backend: string
  readonly port: number
  /** What the server logged from level warn up, as JSON lines. */
  readonly log: readonly string[]
  as(username: Username | (string & {}), version?: Version): Client
  /** All scopes, on a store that is empty. */
  fresh(version?: Version): Client
  /** Bytes as they are; the answer is judged like every other. */
  raw(path: string, method: string, ...pieces: readonly (string | Uint8Array)[]): Promise<Answer>
  /** Stops the server and starts it again on the same data. */
  restart(): Promise<void>
}

export interface LrsOptions {
  readonly backend?: string
  readonly settings?: Partial<ServerSettings>
  readonly authentication?: PasswordOptions
  /** Offers of the server beside those that are shipped. */
  readonly plugins?: readonly HttpPlugin[]
  readonly forwardings?: Forwardings
  /** By which keys and tokens expire. */
  readonly clock?: Clock
  /** Parts that run beside the server, by name. */
  readonly parts?: () => ReadonlyMap<string, RunningPart>
  /** Where the backend keeps its data; made when it is missing. */
  readonly directory?: string
}

/** Those of the server as shipped, but on a port of its own. */
export const settingsWith = (settings: Partial<ServerSettings>): ServerSettings => ({
  waitForBackend: 0,
  host: '127.0.0.1',
  port: 0,
  maxSearchHits: 100,
  publicUrl: undefined,
  trustProxy: false,
  maxBodySize: 64 * 2 ** 20,
  maxStatements: 50_000,
  maxStatementSize: 2 * 2 ** 20,
  maxStatementKeys: 20_000,
  maxStatementDepth: 100,
  maxInheritedTerms: 100_000,
  maxDocumentKeys: 100_000,
  maxParts: 10_000,
  maxHeaderSize: 16 * 1024,
  maxParameters: 100,
  maxParameterSize: 64 * 1024,
  maxFormSize: 4 * 2 ** 20,
  answerTimeout: 60,
  waitForRoom: 30,
  maxBytesInFlight: 128 * 2 ** 20,
  maxAnonymousBytes: 32 * 2 ** 20,
  anonymousTimeout: 30,
  requestTimeout: 600,
  workers: 1,
  maxStreams: 1000,
  maxConnections: 4096,
  accessLog: 'none',
  corsAllowOrigins: [],
  requireVersionHeader: false,
  defaultVersion: '1.0.3',
  restrictByAuthority: false,
  restrictByScopes: false,
  partialSuccessDefault: false,
  ignoreUnknownParameters: false,
  signatureKeys: undefined,
  rejectedDirectory: undefined,
  rejectedMaxSize: 2 ** 20,
  ...settings
})

const portOf = ([address]: readonly (string | AddressInfo)[]): number =>
  typeof address === 'object' ? address.port : 0

/** Starts a server for the length of a test. */
export const startLrs = async (t: Test, options: LrsOptions = {}): Promise<Lrs> => {
  const {
    backend: name = anyBackend,
    settings = {},
    authentication,
    plugins = [],
    parts,
    forwardings,
    clock = () => Date.now() * 1000
  } = options
  const directory = options.directory ?? join(t.testdir({ data: {} }), 'data')
  const unique = `t_${randomUUID().replaceAll('-', '')}`
  const place = await placeFor(t, name, directory, unique)
  if ('missing' in place) throw new Error(place.missing)
  mkdirSync(directory, { recursive: true })
  const authFile = join(directory, 'auth.json')
  writeAuthFile(authFile, isEngineName(name) ? `${unique}_` : '')
  const log: string[] = []
  const logger = pino({ level: 'warn', base: null }, { write: (line: string) => log.push(line) })
  let port = 0
  let freshGiven = 0

  const start = async (): Promise<() => Promise<void>> => {
    const backend = await openBackend(name, directory, place, (message) => t.comment(message))
    const authenticators = await openAuthenticators(
      {
        authFile,
        cacheMaxSize: 1000,
        cacheTtl: 3600,
        allowDemoCredentials: false,
        basic: true,
        keys: true,
        oidc: undefined
      },
      {
        clock,
        log: logger,
        onRefused: () => {},
        ...(authentication === undefined ? {} : { passwords: authentication })
      }
    )
    const access = openAccess({
      documents: async () => (await backend.store()).documents,
      cacheMaxSize: 1000,
      clock,
      log: logger,
      onRefused: () => {}
    })
    const dependencies = {
      settings: settingsWith(settings),
      backend,
      authenticators: askFirst(access.authenticator, authenticators),
      access,
      logger,
      newId: randomUUID,
      version: '1.2.3',
      forwardings,
      ...(parts === undefined ? {} : { parts })
    }
    const server = await buildServer(dependencies, [...shipped, ...plugins])
    await server.listen({ host: '127.0.0.1', port: 0 })
    port = portOf(server.addresses())
    return async () => {
      await server.close()
      access.authenticator.close()
      authenticators.close()
      await backend.close()
    }
  }

  let stop = await start()
  t.teardown(() => stop())
  const running = () => ({ port, log })
  return {
    backend: name,
    get port() {
      return port
    },
    log,
    as: (username, version = '1.0.3') => clientOf(running, username, version),
    fresh: (version = '1.0.3') => {
      const [username] = freshUsers[freshGiven] ?? []
      if (username === undefined) throw new Error('one server has no more fresh stores than these')
      freshGiven += 1
      return clientOf(running, username, version)
    },
    raw: async (path, method, ...pieces) =>
      requireSound(await sendBytes({ port, method }, ...pieces), { method, path }, () => log.slice(-3).join('')),
    restart: async () => {
      await stop()
      stop = await start()
    }
  }
}

/** One server of each backend, and the same tests on each. */
export const forEachBackend = (
  t: Test,
  run: (t: Test, lrs: Lrs) => void | Promise<void>,
  options: Omit<LrsOptions, 'backend'> = {}
): void => {
  for (const backend of testedBackends) {
    const skip = isEngineName(backend) && (missingEngine(backend) ?? false)
    t.test(backend, { skip }, async (t) => {
      await run(t, await startLrs(t, { ...options, backend }))
    })
  }
}
