import type { Test } from 'tap'
import type { AttachmentContent, AttachmentStore, CallOptions } from '../../src/contracts/statement-store.ts'
import { aBatch, anAttachment, aStatement, aVerb } from '../support/statements.ts'
import { type OpenBackend, openSuite } from './open-backend.ts'

export const readAll = async (
  attachments: AttachmentStore,
  sha2s: readonly string[],
  options?: CallOptions
): Promise<AttachmentContent[]> => {
  const all: AttachmentContent[] = []
  for await (const each of attachments.read(sha2s, options)) all.push(each)
  return all
}

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

const contents: Readonly<Record<string, Uint8Array>> = {
  'no bytes': Buffer.alloc(0),
  'every byte': everyByte,
  'line ends and boundaries': Buffer.from('\r\n--boundary\r\nContent-Type: a/b\r\n\r\n--boundary--\r\n\n\n'),
  'bytes that are no UTF-8': Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80]),
  'five megabytes': Buffer.alloc(5_000_000, everyByte)
}

/** What every store of attachments must do (`AttachmentStore`, ruling 18). */
export const attachmentStoreContract = (t: Test, name: string, open: OpenBackend): void => {
  t.test(`${name} as an attachment store`, async (t) => {
    const suite = await openSuite(t, open)

    for (const [what, content] of Object.entries(contents)) {
      t.test(`an attachment of ${what} is given back byte for byte`, async (t) => {
        const { statements, attachments } = await suite.fresh()
        const attachment = anAttachment(content)
        await statements.insert({ ...aBatch(aStatement()), attachments: [attachment] })
        const [found, ...others] = await readAll(attachments, [attachment.sha2])
        t.equal(found?.sha2, attachment.sha2)
        t.ok(found && Buffer.compare(found.content, content) === 0)
        t.equal(others.length, 0)
      })
    }

    t.test('those that are there are read once each, in the order asked for', async (t) => {
      const { statements, attachments } = await suite.fresh()
      const [one, two, three] = ['one', 'two', 'three'].map((text) => anAttachment(Buffer.from(text)))
      const unknown = anAttachment(Buffer.from('unknown')).sha2
      if (!one || !two || !three) throw new TypeError('three contents')
      await statements.insert({ ...aBatch(aStatement()), attachments: [one, two] })
      await statements.insert({ ...aBatch(aStatement()), attachments: [three] })
      const wanted = [three.sha2, unknown, one.sha2, three.sha2, two.sha2, one.sha2]
      const found = await readAll(attachments, wanted)
      t.same(
        found.map(({ sha2, content }) => [sha2, Buffer.from(content).toString()]),
        [
          [three.sha2, 'three'],
          [one.sha2, 'one'],
          [two.sha2, 'two']
        ]
      )
      t.same(await readAll(attachments, [unknown]), [])
      t.same(await readAll(attachments, []), [])
    })

    t.test('the same content may be sent again and again, in one batch too', async (t) => {
      const { statements, attachments } = await suite.fresh()
      const attachment = anAttachment(Buffer.from('again'))
      for (let count = 0; count < 3; count += 1) {
        await statements.insert({ ...aBatch(aStatement()), attachments: [attachment, attachment] })
      }
      await Promise.all(
        [1, 2, 3, 4].map(() => statements.insert({ ...aBatch(aStatement()), attachments: [attachment] }))
      )
      t.equal((await readAll(attachments, [attachment.sha2])).length, 1)
    })

    t.test('digests of every size of SHA-2 name attachments', async (t) => {
      const { statements, attachments } = await suite.fresh()
      const named = [56, 64, 96, 128].map((digits) => ({
        sha2: 'a1'.repeat(digits / 2),
        content: Buffer.from(`${digits} digits`)
      }))
      await statements.insert({ ...aBatch(aStatement()), attachments: named })
      for (const { sha2, content } of named) {
        t.same(
          (await readAll(attachments, [sha2])).map((found) => Buffer.from(found.content).toString()),
          [content.toString()]
        )
      }
    })

    t.test('many attachments of one batch are all kept', async (t) => {
      const { statements, attachments } = await suite.fresh()
      const many = Array.from({ length: 50 }, (_, index) => anAttachment(Buffer.alloc(index * 100, index)))
      await statements.insert({ ...aBatch(aStatement()), attachments: many })
      const found = await readAll(
        attachments,
        many.map(({ sha2 }) => sha2)
      )
      t.equal(found.length, 50)
      for (const [index, { content }] of found.entries()) t.equal(content.length, index * 100)
    })

    t.test('an attachment that comes with a statement that was already there is kept', async (t) => {
      const { statements, attachments } = await suite.fresh()
      const statement = aStatement()
      const attachment = anAttachment(Buffer.from('late'))
      await statements.insert(aBatch(statement))
      await statements.insert({ ...aBatch(statement), attachments: [attachment] })
      t.equal((await readAll(attachments, [attachment.sha2])).length, 1)
    })

    t.test('the attachments of a refused batch are not kept', async (t) => {
      const { statements, attachments } = await suite.fresh()
      const taken = aStatement()
      const attachment = anAttachment(Buffer.from('refused'))
      await statements.insert(aBatch(taken))
      const refused = { ...aBatch(aStatement(), { ...taken, verb: aVerb('other') }), attachments: [attachment] }
      await t.rejects(statements.insert(refused), { code: 'STATEMENT_CONFLICT' })
      t.same(await readAll(attachments, [attachment.sha2]), [])
    })
  })
}
