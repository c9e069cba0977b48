import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { multipartReply } from '../../src/http/xapi/multipart.ts'
import { partsOf } from '../support/requests.ts'

t.test('a content type that somebody else wrote into the store ends no header', async (t) => {
  async function* attachments() {
    yield { sha2: 'a'.repeat(64), content: Buffer.from('essay'), contentType: 'text/plain\r\nX-Injected: 1\r\n\r\n' }
  }
  const { contentType, body } = multipartReply(Buffer.from('{}'), attachments())
  const answer = {
    status: 200,
    headers: new Headers({ 'content-type': contentType }),
    body: await buffer(body)
  }
  const [, part] = partsOf(answer)
  t.notOk(part?.headers.has('x-injected'))
  t.equal(String(part?.content), 'essay')
})
