import { createHash } from 'node:crypto'
import t from 'tap'
import { compareDigest, namedDigests, requireAttachments } from '../../src/xapi/attachments.ts'
import type { Attachment } from '../../src/xapi/statement.ts'
import { anAttachment as aPart, aStatement, aSubStatement } from '../support/statements.ts'

const essay = aPart(Buffer.from('essay'))
const video = aPart(Buffer.from('video'))

const digestMatches = (sha2: string, content: Uint8Array): boolean => {
  const steps = compareDigest(sha2, content)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

const attachment = (sha2: string, parts: Partial<Attachment> = {}): Attachment => ({
  usageType: 'https://example.org/essay',
  display: { en: 'Essay' },
  contentType: 'text/plain',
  length: 5,
  sha2,
  ...parts
})

t.test('ruling 18: SHA-2 of any of its sizes, told by its length', async (t) => {
  const content = Buffer.from([0, 13, 10, 45, 45, 255])
  for (const size of ['224', '256', '384', '512']) {
    const sha2 = createHash(`sha${size}`).update(content).digest('hex')
    t.ok(digestMatches(sha2, content), size)
    t.ok(digestMatches(sha2.toUpperCase(), content), `${size} in upper case`)
    t.notOk(digestMatches(sha2, content.subarray(1)), `${size} of other bytes`)
    t.notOk(digestMatches(sha2.slice(2), content), `${size} cut short`)
  }
  t.ok(digestMatches(createHash('sha256').digest('hex'), new Uint8Array()), 'of nothing')
  t.notOk(digestMatches(createHash('sha1').update(content).digest('hex'), content), 'SHA-1')
  t.notOk(digestMatches('', content))
  const large = Buffer.alloc(2.5 * 2 ** 20, 'large')
  t.ok(digestMatches(createHash('sha512').update(large).digest('hex'), large), 'in several steps')
})

t.test('ruling 18: what is named and what was sent agree', async (t) => {
  const accepted = {
    'no attachments, no parts': () => requireAttachments([aStatement()], []),
    'one of each': () => requireAttachments([aStatement({ attachments: [attachment(essay.sha2)] })], [essay]),
    'one part for all statements that name it': () =>
      requireAttachments(
        [1, 2, 3].map(() => aStatement({ attachments: [attachment(essay.sha2)] })),
        [essay]
      ),
    'the same part twice': () =>
      requireAttachments([aStatement({ attachments: [attachment(essay.sha2)] })], [essay, essay]),
    'digests without case': () =>
      requireAttachments([aStatement({ attachments: [attachment(essay.sha2.toUpperCase())] })], [essay]),
    'a fileUrl instead of a part': () =>
      requireAttachments(
        [aStatement({ attachments: [attachment(essay.sha2, { fileUrl: 'https://example.org/e' })] })],
        []
      ),
    'a fileUrl and a part': () =>
      requireAttachments(
        [aStatement({ attachments: [attachment(essay.sha2, { fileUrl: 'https://example.org/e' })] })],
        [essay]
      ),
    'attachments of a SubStatement': () =>
      requireAttachments([aStatement({ object: aSubStatement({ attachments: [attachment(essay.sha2)] }) })], [essay]),
    'a length that is not that of the bytes': () =>
      requireAttachments([aStatement({ attachments: [attachment(essay.sha2, { length: 7 })] })], [essay])
  }
  for (const [what, act] of Object.entries(accepted)) t.doesNotThrow(act, what)
})

t.test('ruling 18: an attachment with neither part nor fileUrl is refused, with where it stands', async (t) => {
  const statements = [
    aStatement({ attachments: [attachment(essay.sha2)] }),
    aStatement({
      attachments: [attachment(essay.sha2), attachment(video.sha2)],
      object: aSubStatement({ attachments: [attachment(video.sha2)] })
    })
  ]
  t.throws(() => requireAttachments(statements, [essay]), {
    code: 'INVALID_ATTACHMENT',
    message: /Statement 1 at \/attachments\/1/,
    details: {
      problems: [
        { index: 1, pointer: '/attachments/1', rule: 'attachmentPart' },
        { index: 1, pointer: '/object/attachments/0', rule: 'attachmentPart' }
      ],
      sha2: [video.sha2]
    }
  })
  t.throws(() => requireAttachments(statements.slice(0, 1), []), { code: 'INVALID_ATTACHMENT' }, 'sent as plain JSON')
})

t.test('ruling 18: a part too many is refused', async (t) => {
  const statements = [aStatement({ attachments: [attachment(essay.sha2)] })]
  t.throws(() => requireAttachments(statements, [essay, video]), {
    code: 'INVALID_ATTACHMENT',
    details: { sha2: [video.sha2] }
  })
  t.throws(() => requireAttachments([aStatement()], [video]), { code: 'INVALID_ATTACHMENT' })
})

t.test('many missing parts make an answer of bounded length', async (t) => {
  const attachments = Array.from({ length: 1000 }, () => attachment(essay.sha2))
  try {
    requireAttachments([aStatement({ attachments })], [])
    t.fail('was accepted')
  } catch (error) {
    t.match(error, { code: 'INVALID_ATTACHMENT', details: { problems: { length: 100 } } })
  }
})

t.test('the digests that a statement names, even one that is not valid', async (t) => {
  const statement = {
    attachments: [attachment(essay.sha2.toUpperCase())],
    object: aSubStatement({ attachments: [attachment(video.sha2)] })
  }
  t.same(namedDigests(statement), new Set([essay.sha2, video.sha2]))
  for (const odd of [
    null,
    5,
    'x',
    [],
    {},
    { attachments: 5 },
    { attachments: [null, {}, { sha2: 5 }], object: null }
  ]) {
    t.equal(namedDigests(odd).size, 0, JSON.stringify(odd))
  }
})
