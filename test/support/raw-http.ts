import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { Answer } from './answer.ts'

/** Bytes on a socket, for requests that no HTTP client sends. */

const headEnd = '\r\n\r\n'

const unchunk = (bytes: Buffer): Buffer => {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (lineEnd === -1 || !Number.isInteger(size)) throw new Error('the answer breaks off within a chunk')
    if (size === 0) return Buffer.concat(parts)
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}

/** Undefined: more is to come. */
const readAnswer = (bytes: Buffer, ended: boolean, method: string): Answer | undefined => {
  const end = bytes.indexOf(headEnd)
  if (end === -1) return undefined
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1])
  if (status === 100) return readAnswer(bytes.subarray(end + headEnd.length), ended, method)
  const headers = new Headers(
    lines.map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])
  )
  const rest = bytes.subarray(end + headEnd.length)
  if (method === 'HEAD' || status === 204 || status === 304) return { status, headers, body: Buffer.alloc(0) }
  if (headers.get('transfer-encoding') === 'chunked') {
    return ended || rest.includes('\r\n0\r\n\r\n') ? { status, headers, body: unchunk(rest) } : undefined
  }
  const length = Number(headers.get('content-length') ?? Number.NaN)
  if (rest.length >= length) return { status, headers, body: rest.subarray(0, length) }
  return ended ? { status, headers, body: rest } : undefined
}

const readFrom = (socket: Socket, method: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const received: Buffer[] = []
    const look = (ended: boolean): void => {
      const answer = readAnswer(Buffer.concat(received), ended, method)
      if (answer !== undefined) resolve(answer)
      else if (ended) reject(new Error(`the connection ended without an answer: ${Buffer.concat(received)}`))
    }
    socket.on('data', (bytes) => {
      received.push(bytes)
      look(false)
    })
    socket.on('end', () => look(true))
    socket.on('close', () => look(true))
    socket.on('error', (error) => {
      // What was answered before the connection broke is an answer still.
      if (received.length === 0) reject(error)
      else look(true)
    })
  })

export interface Wire {
  readonly port: number
  /** The answer to HEAD has no body. */
  readonly method?: string
}

/** Sends the bytes as they are, piece by piece, and gives back the first answer. */
export const sendBytes = async (
  { port, method = 'GET' }: Wire,
  ...pieces: readonly (string | Uint8Array)[]
): Promise<Answer> => {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  try {
    const answer = readFrom(socket, method)
    const bytes = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece))
    Readable.from(bytes, { objectMode: false }).pipe(socket, { end: false })
    return await answer
  } finally {
    socket.destroy()
  }
}

/** Sends the bytes and breaks the connection off; resolves once it is closed on this side. */
export const sendAndHangUp = (port: number, ...pieces: readonly (string | Uint8Array)[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => {
      const all = Buffer.concat(pieces.map((piece) => Buffer.from(piece)))
      socket.write(all, () => socket.resetAndDestroy())
    })
    socket.on('error', reject)
    socket.on('close', () => resolve())
  })
