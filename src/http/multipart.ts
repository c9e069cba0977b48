import { randomUUID } from 'node:crypto'
import type { NamedAttachment } from '../lrs/query-statements/attachments.ts'

/** A store may hold what others wrote to it: no text of a statement may end a header. */
const onOneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ')

/** A multipart answer; attachments are read from the store as they are sent. */
export const multipartReply = (
  json: Buffer,
  attachments: AsyncIterable<NamedAttachment>
): { readonly contentType: string; readonly body: AsyncIterable<Buffer> } => {
  const boundary = `ralph-${randomUUID()}`
  async function* body(): AsyncGenerator<Buffer> {
    yield Buffer.from(`--${boundary}\r\nContent-Type: application/json; charset=utf-8\r\n\r\n${json}\r\n`)
    for await (const { sha2, content, contentType } of attachments) {
      yield Buffer.from(
        `--${boundary}\r\nContent-Type: ${onOneLine(contentType)}\r\nContent-Transfer-Encoding: binary\r\n` +
          `X-Experience-API-Hash: ${sha2}\r\n\r\n`
      )
      yield Buffer.from(content.buffer, content.byteOffset, content.byteLength)
      yield Buffer.from('\r\n')
    }
    yield Buffer.from(`--${boundary}--\r\n`)
  }
  return { contentType: `multipart/mixed; boundary=${boundary}`, body: body() }
}
