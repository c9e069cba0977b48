import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { BytesBackend } from '../contracts/data-backend.ts'
import type { ConfigBlock } from '../contracts/listeners.ts'
import { messageOf, RalphError } from '../errors.ts'
import type { FoundData } from './running-handler.ts'
import { blockAt, booleanAt, isBlock, optionalTextAt, textAt, textsAt } from './values.ts'

/** What a data store has to work with. */
export interface DataRequest {
  /** What the store makes itself lies in there; it is made when it is asked for. */
  directory(): Promise<string>
  readonly signal: AbortSignal
  /** The whole message. */
  readonly body: ConfigBlock
}

export interface Data {
  /** Whether data is copied to this machine: then few messages are worked on at the same time. */
  readonly copies: boolean
  fetch(reference: string, request: DataRequest): Promise<FoundData>
  close(): Promise<void>
}

/** `disk`: the reference is a path on this machine, and nothing is copied. */
export const diskData = (base: string): Data => ({
  copies: false,
  fetch: async (reference) => {
    const path = resolve(base, reference)
    const found = await stat(path).catch((cause: unknown) => {
      throw new RalphError('NOT_FOUND', `${path} cannot be read: ${messageOf(cause)}`, { path }, { cause })
    })
    if (!found.isFile()) throw new RalphError('NOT_FOUND', `${path} is not a file`, { path })
    return { path }
  },
  close: async () => {}
})

/** `message`: the reference names the field of the message that is the data: a text as it is, anything else as JSON. */
export const messageData = (): Data => ({
  copies: false,
  fetch: async (reference, { body }) => {
    const value = Object.hasOwn(body, reference) ? body[reference] : undefined
    if (value === undefined || value === null) {
      throw new RalphError('NOT_FOUND', `the message has no field ${reference} with its data`)
    }
    return { text: typeof value === 'string' ? value : JSON.stringify(value) }
  },
  close: async () => {}
})

/** What a data backend is told, by the names of its parameters; undefined: not set. */
export type BackendValues = Readonly<Record<string, string | undefined>>

export type OpenObjects = (backend: 's3' | 'swift' | 'fs', values: BackendValues) => Promise<BytesBackend>

export const s3Values = (config: ConfigBlock, place: string): BackendValues => ({
  ACCESS_KEY_ID: optionalTextAt(config, 'access_key_id', place),
  SECRET_ACCESS_KEY: optionalTextAt(config, 'secret_access_key', place),
  SESSION_TOKEN: optionalTextAt(config, 'session_token', place),
  ENDPOINT_URL: optionalTextAt(config, 'endpoint_url', place),
  DEFAULT_REGION: optionalTextAt(config, 'region', place)
})

/** The keys of document 002. A user of `group:user` belongs to the project `group` where none is named. */
export const swiftValues = (config: ConfigBlock, place: string): BackendValues => {
  const version = textAt(config, 'auth_version', place, '1').replace(/^v/, '').replace(/\.0$/, '')
  const options = isBlock(config.os_options) ? config.os_options : blockAt(config, 'os_options', place)
  const at = `${place}.os_options`
  const user = textAt(config, 'access_key_id', place, '')
  const [group = '', name = ''] = user.split(':')
  const project = optionalTextAt(options, 'project_name', at) ?? optionalTextAt(options, 'tenant_name', at)
  const isSplit = version !== '1' && project === undefined && name !== ''
  const url = textAt(config, 'auth_url', place, '')
  return {
    IDENTITY_API_VERSION: version,
    // The path of version 1 stands where others have none.
    AUTH_URL: (version === '1' ? url : url.replace(/\/auth\/v1(\.0)?\/?$/, '')) || undefined,
    USERNAME: (isSplit ? name : user) || undefined,
    PASSWORD: optionalTextAt(config, 'secret_access_key', place),
    USER_DOMAIN_NAME: optionalTextAt(options, 'user_domain_name', at),
    PROJECT_DOMAIN_NAME: optionalTextAt(options, 'project_domain_name', at),
    TENANT_NAME: isSplit ? group : project,
    REGION_NAME: optionalTextAt(options, 'region_name', at),
    OBJECT_STORAGE_URL: optionalTextAt(options, 'object_storage_url', at),
    INSECURE: String(booleanAt(config, 'insecure', place, false))
  }
}

/** Objects are looked for in one container after the other: those that are named, or all there are. */
export const objectData = (backend: BytesBackend, containers: readonly string[] | undefined): Data => {
  const write = async (reference: string, target: string, directory: string, signal: AbortSignal): Promise<string> => {
    const path = join(directory, randomUUID())
    const content = backend.read?.(reference, { target, signal })
    if (content === undefined) throw new RalphError('UNSUPPORTED_OPERATION', 'the data store cannot be read')
    try {
      await pipeline(content, createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal })
      return path
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
  }
  const places = (signal: AbortSignal): AsyncIterable<string> | readonly string[] =>
    containers ?? backend.containers?.({ signal }) ?? []
  return {
    copies: true,
    fetch: async (reference, { directory, signal }) => {
      const searched: string[] = []
      for await (const container of places(signal)) {
        searched.push(container)
        try {
          return { path: await write(reference, container, await directory(), signal) }
        } catch (error) {
          if (!(error instanceof RalphError) || error.code !== 'NOT_FOUND') throw error
        }
      }
      throw new RalphError('NOT_FOUND', `${reference} is in none of the containers ${searched.join(', ') || '(none)'}`)
    },
    close: () => backend.close()
  }
}

/** The containers that a configuration names: `containers`, or `bucket`. */
export const containersOf = (config: ConfigBlock, place: string): readonly string[] | undefined =>
  textsAt(config, 'containers', place) ?? textsAt(config, 'bucket', place)
