import { RalphError } from '../../errors.ts'

/** What a server sent. Its fields are of the types that `protocol.ts` declares; this is asked all the same. */
export type EtcdMessage = Readonly<Record<string, unknown>>

const wrong = (field: string): RalphError =>
  new RalphError('REGISTRY_UNREACHABLE', `the answer of etcd has no ${field}: does something else answer there?`)

export const asMessage = (value: unknown, field: string): EtcdMessage => {
  if (typeof value !== 'object' || value === null) throw wrong(field)
  return Object.fromEntries(Object.entries(value))
}

export const inner = (message: EtcdMessage, field: string): EtcdMessage => asMessage(message[field], field)

export const listOf = (message: EtcdMessage, field: string): readonly unknown[] => {
  const value = message[field]
  if (!Array.isArray(value)) throw wrong(field)
  return value
}

export const textOf = (message: EtcdMessage, field: string): string => {
  const value = message[field]
  if (typeof value !== 'string') throw wrong(field)
  return value
}

/** Revisions count up from 1: none will ever be too large for a number of JavaScript. */
export const numberOf = (message: EtcdMessage, field: string): number => Number(textOf(message, field))

export const bytesOf = (message: EtcdMessage, field: string): Buffer => {
  const value = message[field]
  if (!Buffer.isBuffer(value)) throw wrong(field)
  return value
}
