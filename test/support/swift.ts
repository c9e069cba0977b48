import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { SwiftDataOptions } from '../../src/backends/swift/data.ts'

/** What a client is to be told of a server whose URL has the credentials, with a project of the user's name. */
export const swiftAccessOf = (
  url: string
): Pick<SwiftDataOptions, 'authUrl' | 'username' | 'password' | 'tenantName'> => {
  const { protocol, host, username, password } = new URL(url)
  const name = decodeURIComponent(username)
  return { authUrl: `${protocol}//${host}`, username: name, password: decodeURIComponent(password), tenantName: name }
}

interface Entered {
  readonly token: string
  /** Of the account. */
  readonly storage: string
}

const enter = async (url: string): Promise<Entered> => {
  const { authUrl, username, password, tenantName } = swiftAccessOf(url)
  const domain = { id: 'default' }
  const identity = { methods: ['password'], password: { user: { name: username, password, domain } } }
  const answer = await fetch(`${authUrl}/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity, scope: { project: { name: tenantName, domain } } } })
  })
  const text = await answer.text()
  const [account] = /AUTH_[0-9a-f]{32}/.exec(text) ?? []
  const token = answer.headers.get('x-subject-token')
  if (token === null || account === undefined) throw new Error(text)
  return { token, storage: `${authUrl}/v1/${account}` }
}

const entered = new Map<string, Promise<Entered>>()

/** With a token of Keystone, as anybody could; one for all tests of a process. */
export const enterSwift = (url: string): Promise<Entered> => {
  const known = entered.get(url) ?? enter(url)
  entered.set(url, known)
  return known
}

/** One request to the account; rejects with what the server refuses. */
export const askSwift = async (
  url: string,
  method: string,
  path: string,
  init: { readonly headers?: Record<string, string>; readonly body?: string } = {}
): Promise<Response> => {
  const { token, storage } = await enterSwift(url)
  const answer = await fetch(storage + path, { method, ...init, headers: { 'x-auth-token': token, ...init.headers } })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer
}

/** The names of all objects of a container; undefined: there is no such container. */
export const namesIn = async (url: string, container: string): Promise<readonly string[] | undefined> => {
  const { token, storage } = await enterSwift(url)
  const answer = await fetch(`${storage}/${container}`, { headers: { 'x-auth-token': token } })
  const text = await answer.text()
  return answer.status === 404 ? undefined : text.split('\n').filter(Boolean)
}

/** A container of its own, which is gone when `t` ends, with that of its segments. */
export const aContainer = async (t: Test, url: string): Promise<string> => {
  const container = `ralph-test-${randomBytes(6).toString('hex')}`
  await askSwift(url, 'PUT', `/${container}`)
  t.teardown(async () => {
    for (const each of [container, `${container}_segments`]) {
      const names = await namesIn(url, each)
      for (const name of names ?? []) {
        await askSwift(url, 'DELETE', `/${each}/${name.split('/').map(encodeURIComponent).join('/')}`)
      }
      if (names !== undefined) await askSwift(url, 'DELETE', `/${each}`)
    }
  })
  return container
}
