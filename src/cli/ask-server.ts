import { type Command, Option } from 'commander'
import { RalphError } from '../errors.ts'
import { flagValues } from '../settings/load.ts'
import { createReader } from '../settings/read.ts'
import { uploadGroup } from '../settings/upload.ts'
import { printable } from '../telemetry/printable.ts'
import { settingsOf } from './command-settings.ts'
import type { Composition } from './composition.ts'
import { hideSecrets } from './hide-secrets.ts'
import { interruptible } from './interruption.ts'
import { optionsOf } from './setting-options.ts'

/** Where the server is and who asks, as for `ralph upload`. */
const { to, username, password, timeout } = uploadGroup
export const serverGroup = {
  to,
  username: { ...username, description: 'Who asks. The user needs the scope `all`.' },
  password,
  timeout
}

export const addServerOptions = (command: Command): void => {
  for (const setting of Object.values(serverGroup)) {
    for (const option of optionsOf(setting, 'Server')) command.addOption(option)
  }
}

export type Told = Readonly<Record<string, unknown>>

/** Asks the server; gives its answer as JSON. Nothing in the answer: an empty object. */
export type AskRalph = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<Told>

/** `STORE_UNAVAILABLE`: the server is none of Ralph's. */
const objectIn = (text: string, place: string): Told => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value))
  } catch {
    // Told below.
  }
  throw new RalphError('STORE_UNAVAILABLE', `${place} does not answer as a server of Ralph`)
}

/** Asks a running server as the user that flags and settings name. `missing` is said if the server does not have the first path. */
export const withServer = (
  command: Command,
  composition: Composition,
  missing: { readonly path: string; readonly message: string },
  work: (ask: AskRalph) => Promise<void>
): Promise<void> =>
  interruptible(async (signal) => {
    const given = command.optsWithGlobals<Readonly<Record<string, string | undefined>>>()
    const values = flagValues([serverGroup], (flag) => given[new Option(`--${flag}`).attributeName()])
    hideSecrets(command, [serverGroup], values)
    const { sources } = settingsOf(command, composition, Object.fromEntries(values))
    const reader = createReader(sources)
    const settings = reader.read(serverGroup)
    reader.finish()
    const { createAsk, failureOf, refusal } = await import('../tus/requests.ts')
    const base = settings.to.href.replace(/\/+$/, '')
    const ask = createAsk({
      username: settings.username ?? settings.to.username ?? 'ralph',
      password: settings.password ?? settings.to.password ?? 'secret',
      timeout: settings.timeout,
      signal
    })
    await work(async (method, path, body) => {
      const url = new URL(`${base}${path}`)
      const sent = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }
      const headers = { 'content-type': 'application/json' }
      const answer = await ask({ method, url, headers, ...sent }).catch((error: unknown) => {
        signal.throwIfAborted()
        throw failureOf(error, url)
      })
      if (answer.status === 404 && path === missing.path) {
        throw new RalphError('NOT_FOUND', `${url.origin} ${missing.message}`)
      }
      if (answer.status === 204) return {}
      if (answer.status !== 200 && answer.status !== 201) throw refusal(answer, url)
      return objectIn(answer.text, url.origin)
    })
  })

export const listIn = (answer: Told, key: string): readonly Told[] => {
  const value = answer[key]
  return Array.isArray(value) ? value : []
}

export interface JsonFlag {
  readonly json?: boolean
}

/** One line each: for people, or JSON. */
export const say = (items: readonly Told[], { json }: JsonFlag, line: (item: Told) => string): void => {
  for (const each of items) process.stdout.write(printable(json === true ? `${JSON.stringify(each)}\n` : line(each)))
}
