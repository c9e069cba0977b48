import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { readRecord, severities } from '../records.ts'
import type { LineReceiver } from './hook.ts'
import { createSender } from './sender.ts'

/** GELF 1.1. Names of further fields begin with an underscore, and `_id` is reserved. */
const gelfMessage = (line: string): Buffer => {
  const { time, level, message, details } = readRecord(line)
  const [first = ''] = message.split('\n', 1)
  const fields = Object.entries(details).map(([name, value]) => [`_${name === 'id' ? 'ralph_id' : name}`, value])
  return Buffer.from(
    JSON.stringify({
      version: '1.1',
      host: hostname(),
      short_message: first === '' ? '-' : first,
      ...(first === message ? {} : { full_message: message }),
      timestamp: time.getTime() / 1000,
      level: severities[level],
      _program: 'ralph',
      ...Object.fromEntries(fields)
    })
  )
}

/** The most bytes of a datagram, and the most datagrams of a message, that Graylog puts together. */
const chunkSize = 8192 - 12
const mostChunks = 128

/** A message that is too long for one datagram, in several. None: it is too long for all. */
const chunksOf = (message: Buffer): readonly Buffer[] => {
  if (message.length <= chunkSize) return [message]
  const count = Math.ceil(message.length / chunkSize)
  if (count > mostChunks) return []
  const id = randomBytes(8)
  return Array.from({ length: count }, (_, index) =>
    Buffer.concat([
      Buffer.from([0x1e, 0x0f]),
      id,
      Buffer.from([index, count]),
      message.subarray(index * chunkSize, (index + 1) * chunkSize)
    ])
  )
}

const ended = (message: Buffer): readonly Buffer[] => [message, Buffer.from([0])]

export const gelfReceiver = (url: string): LineReceiver => {
  const sender = createSender(url)
  const framed = url.startsWith('udp:') ? chunksOf : ended
  return {
    place: url,
    send: async (lines) => {
      const messages = lines.map((line) => framed(gelfMessage(line)))
      await sender.send(messages.flat())
      return messages.filter(({ length }) => length === 0).length
    },
    close: sender.close
  }
}
