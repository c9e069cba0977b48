import { randomUUID } from 'node:crypto'
import type { NamedAttachment } from '../../lrs/query-statements/attachments.ts'

/** A store may contain statements that other programs wrote. Their text must not be able to end a header. */
const onOneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ')

/** A multipart answer. Attachments, and a long text, are read from the store while they are sent. */
export const multipartReply = (
  json: Buffer | AsyncIterable<Buffer>,
  attachments: AsyncIterable<NamedAttachment>
): { readonly contentType: string; readonly body: AsyncIterable<Buffer> } => {
  const boundary = `ralph-${randomUUID()}`
  async function* body(): AsyncGenerator<Buffer> {
    const head = Buffer.from(`--${boundary}\r\nContent-Type: application/json; charset=utf-8\r\n\r\n`)
    if (Buffer.isBuffer(json)) yield Buffer.concat([head, json])
    else {
      yield head
      yield* json
    }
    for await (const { sha2, content, contentType } of attachments) {
      yield Buffer.from(
        `\r\n--${boundary}\r\nContent-Type: ${onOneLine(contentType)}\r\nContent-Transfer-Encoding: binary\r\n` +
          `X-Experience-API-Hash: ${sha2}\r\n\r\n`
      )
      yield Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    }
    yield Buffer.from(`\r\n--${boundary}--\r\n`)
  }
  return { contentType: `multipart/mixed; boundary=${boundary}`, body: body() }
}
