import { createHash } from 'node:crypto'
import type { Attachment, Statement } from '../../src/xapi/statement.ts'
import type { Answer } from './answer.ts'
import { aStatement } from './statements.ts'

/** A statement as a client sends it: nothing in it that the LRS assigns, but the id. */
export const sent = (parts: Partial<Statement> = {}): Statement & { readonly id: string } => {
  const { authority: _, version: __, timestamp: ___, ...statement } = aStatement()
  return { ...statement, ...parts, id: parts.id ?? statement.id }
}

export const sha2Of = (content: Uint8Array | string, algorithm = 'sha256'): string =>
  createHash(algorithm).update(content).digest('hex')

export const attachmentOf = (content: Uint8Array | string, parts: Partial<Attachment> = {}): Attachment => ({
  usageType: 'https://example.org/usage/essay',
  display: { en: 'An essay' },
  contentType: 'application/octet-stream',
  length: Buffer.byteLength(content),
  sha2: sha2Of(content),
  ...parts
})

export interface Part {
  /** Lines as they go into the body. */
  readonly headers: readonly string[]
  readonly content: Uint8Array | string
}

export const statementPart = (statements: object, headers = ['Content-Type: application/json']): Part => ({
  headers,
  content: JSON.stringify(statements)
})

export const contentPart = (content: Uint8Array | string, sha2 = sha2Of(content)): Part => ({
  headers: [
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: binary',
    `X-Experience-API-Hash: ${sha2}`
  ],
  content
})

export const multipartBytes = (parts: readonly Part[], boundary: string, preamble = '', epilogue = ''): Buffer =>
  Buffer.concat([
    Buffer.from(preamble),
    ...parts.flatMap(({ headers, content }, index) => [
      Buffer.from(`${index === 0 && preamble === '' ? '' : '\r\n'}--${boundary}\r\n`),
      Buffer.from(headers.map((line) => `${line}\r\n`).join('')),
      Buffer.from('\r\n'),
      Buffer.from(content)
    ]),
    Buffer.from(`\r\n--${boundary}--${epilogue}`)
  ])

/** What goes into `post` beside the statements. */
export const multipart = (parts: readonly Part[], boundary = 'a-boundary') => ({
  headers: { 'content-type': `multipart/mixed; boundary=${boundary}` },
  body: multipartBytes(parts, boundary)
})

export interface ReceivedPart {
  readonly headers: Headers
  readonly content: Buffer
}

/** The parts of an answer, read by its own boundary; `content` of the first is the JSON. */
export const partsOf = ({ headers, body }: Answer): readonly ReceivedPart[] => {
  const boundary = /^multipart\/mixed; boundary=(\S+)$/.exec(headers.get('content-type') ?? '')?.[1]
  if (boundary === undefined) throw new Error(`no multipart/mixed but ${headers.get('content-type')}`)
  const parts: ReceivedPart[] = []
  const delimiter = `\r\n--${boundary}`
  const bytes = Buffer.concat([Buffer.from('\r\n'), body])
  for (let at = bytes.indexOf(delimiter); ; ) {
    const start = at + delimiter.length
    if (bytes.toString('latin1', start, start + 2) === '--') return parts
    const headersEnd = bytes.indexOf('\r\n\r\n', start)
    at = bytes.indexOf(delimiter, headersEnd + 2)
    if (at === -1) throw new Error('the last part has no end')
    const lines = bytes.toString('latin1', start + 2, headersEnd).split('\r\n')
    parts.push({
      headers: new Headers(
        lines.map((line): [string, string] => [line.split(':', 1)[0] ?? '', line.slice(line.indexOf(':') + 1).trim()])
      ),
      content: bytes.subarray(headersEnd + 4, at)
    })
  }
}
