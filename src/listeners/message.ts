import { createHash } from 'node:crypto'
import type { ConfigBlock, ListenerMessage, MessageRow } from '../contracts/listeners.ts'
import { messageOf } from '../errors.ts'
import { blockAt, booleanAt, isBlock, textAt } from './values.ts'

interface Field {
  readonly key: string
  readonly required: boolean
}

/** The names of document 002, and the keys they have in messages unless the configuration says otherwise. */
const defaults = {
  type: { key: 'data_type', required: true },
  data_location: { key: 'data_location', required: true },
  meta_location: { key: 'meta_location', required: true },
  uuid: { key: 'uuid_ref', required: true },
  metadata: { key: 'metadata', required: false }
} as const

type FieldName = keyof typeof defaults

export type MessageFields = Readonly<Record<FieldName, Field>>

export const messageFields = (block: ConfigBlock, place: string): MessageFields => {
  const field = (name: FieldName): Field => {
    const own = blockAt(block, name, place)
    return {
      key: textAt(own, 'key', `${place}.${name}`, defaults[name].key),
      required: booleanAt(own, 'required', `${place}.${name}`, defaults[name].required)
    }
  }
  return {
    type: field('type'),
    data_location: field('data_location'),
    meta_location: field('meta_location'),
    uuid: field('uuid'),
    metadata: field('metadata')
  }
}

export type ParsedMessage =
  | { readonly message: ListenerMessage; readonly metadata: unknown }
  /** What is wrong with it, and what its row can have. */
  | { readonly problem: string; readonly row: MessageRow }

const uuidForm = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** The same bytes, the same id: a message without a usable one has a row, too. */
const idOf = (bytes: string): string => {
  const hex = createHash('sha256').update(bytes).digest('hex')
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const textIn = (body: ConfigBlock, { key }: Field): string | undefined => {
  const value = body[key]
  return typeof value === 'string' || typeof value === 'number' ? String(value) || undefined : undefined
}

/** Looks for the fields in a message. Every missing key is named. */
export const parseMessage = (content: unknown, fields: MessageFields): ParsedMessage => {
  const text = content instanceof Uint8Array ? Buffer.from(content).toString('utf8') : content
  let body: unknown = text
  if (typeof text === 'string') {
    try {
      body = JSON.parse(text)
    } catch (error) {
      return { problem: `the message is not valid JSON: ${messageOf(error)}`, row: { uuid: idOf(text) } }
    }
  }
  const id = idOf(typeof text === 'string' ? text : JSON.stringify(body))
  if (!isBlock(body)) return { problem: 'the message is not a JSON object', row: { uuid: id } }
  const found = {
    type: textIn(body, fields.type),
    data_location: textIn(body, fields.data_location),
    meta_location: textIn(body, fields.meta_location)
  }
  const given = textIn(body, fields.uuid)
  const uuid = given !== undefined && uuidForm.test(given) ? given.toLowerCase() : id
  const named = Object.entries(found).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))
  const row: MessageRow = { uuid, ...Object.fromEntries(named) }
  const missing = Object.values(fields).filter(
    ({ key, required }) => required && (body[key] === undefined || body[key] === null || body[key] === '')
  )
  if (missing.length > 0) {
    return { problem: `the message lacks ${missing.map(({ key }) => key).join(', ')}`, row }
  }
  if (given !== undefined && !uuidForm.test(given)) {
    return { problem: `${fields.uuid.key} is not a UUID: ${given.slice(0, 100)}`, row }
  }
  const { type = '', data_location = '', meta_location = '' } = found
  return { message: { uuid, type, data_location, meta_location, body }, metadata: body[fields.metadata.key] }
}
