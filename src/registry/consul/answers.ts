import type { KVPair } from '../../contracts/registry.ts'
import { RalphError } from '../../errors.ts'
import type { ConsulAnswer } from './requests.ts'

/** A key as Consul gives it. */
export interface ConsulEntry {
  /** Without the bucket. */
  readonly pair: KVPair
  /** The session that holds it. */
  readonly session: string | undefined
}

const strange = (place: string): RalphError =>
  new RalphError('REGISTRY_UNREACHABLE', `${place} answers something that Consul does not say: is it Consul?`)

/** What is said as JSON. `REGISTRY_UNREACHABLE` when it is not: somebody else answers at this address. */
export const jsonOf = ({ body }: Pick<ConsulAnswer, 'body'>, place: string): unknown => {
  try {
    return JSON.parse(body.toString())
  } catch {
    throw strange(place)
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const objectOf = (value: unknown, place: string): Readonly<Record<string, unknown>> => {
  if (!isObject(value)) throw strange(place)
  return value
}

export const listOf = (value: unknown, place: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw strange(place)
  return value
}

/** @param root the bucket, with its slash */
export const entryOf = (value: unknown, root: string, place: string): ConsulEntry => {
  const { Key: key, Value: content, ModifyIndex: lastIndex, Session: session } = objectOf(value, place)
  const isValue = content === null || typeof content === 'string'
  if (typeof key !== 'string' || !isValue || typeof lastIndex !== 'number') throw strange(place)
  return {
    // An empty value is null.
    pair: { key: key.slice(root.length), value: Buffer.from(content ?? '', 'base64'), lastIndex },
    session: typeof session === 'string' && session !== '' ? session : undefined
  }
}
