import { hostname } from 'node:os'
import { onOneLine } from '../printable.ts'
import { readRecord, severities } from '../records.ts'
import type { LineReceiver } from './hook.ts'
import { createSender } from './sender.ts'

/** The facility of daemons. */
const facility = 3

/** Receivers cut longer messages (RFC 5426 §3.2 asks them to take 2048). */
const longest = 8192

/** RFC 5424 §6: `<30>1 2026-12-01T10:00:00.000Z host ralph 4321 - - message` */
export const syslogMessage = (line: string): Buffer => {
  const { time, level, message } = readRecord(line)
  const head = `<${facility * 8 + severities[level]}>1 ${time.toISOString()} ${hostname()} ralph ${process.pid} - - `
  return Buffer.from(`${head}${onOneLine(message)}`).subarray(0, longest)
}

/** RFC 6587 §3.4.1: in a stream, each message follows its length. */
const counted = (message: Buffer): Buffer => Buffer.concat([Buffer.from(`${message.length} `), message])

export const syslogReceiver = (url: string): LineReceiver => {
  const sender = createSender(url)
  const framed = url.startsWith('udp:') ? (message: Buffer) => message : counted
  return {
    place: url,
    send: async (lines) => {
      await sender.send(lines.map((line) => framed(syslogMessage(line))))
      return 0
    },
    close: sender.close
  }
}
