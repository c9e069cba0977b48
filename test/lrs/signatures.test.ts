import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CompactSign } from 'jose'
import t from 'tap'
import { type Statement, signatureUsageType } from '../../src/xapi/statement.ts'
import { jsonOf, textOf } from '../support/answer.ts'
import { aCertificate } from '../support/certificate.ts'
import { type Client, forEachBackend, startLrs } from '../support/lrs.ts'
import { attachmentOf, contentPart, multipart, partsOf, sent, statementPart } from '../support/requests.ts'
import { anId, aVerb } from '../support/statements.ts'

const signer = generateKeyPairSync('rsa', { modulusLength: 2048 })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
const x5c = (key: KeyObject) => ({
  x5c: [aCertificate(key, key === signer.publicKey ? signer.privateKey : stranger.privateKey).toString('base64')]
})

const sign = (
  payload: object,
  header: { readonly alg?: string; readonly x5c?: readonly string[] } = {}
): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'RS256', ...header } as { alg: string })
    .sign(signer.privateKey)

const signature = (jws: string) => attachmentOf(jws, { usageType: signatureUsageType, display: { en: 'Signature' } })

/** The statement with its signature, as a client posts both. */
const postSigned = (asker: Client, statement: Statement, jws: string) =>
  asker.post(
    undefined,
    multipart([
      statementPart({ ...statement, attachments: [...(statement.attachments ?? []), signature(jws)] }),
      ...(statement.attachments === undefined ? [] : [contentPart('essay')]),
      contentPart(jws)
    ])
  )

forEachBackend(t, (t, lrs) => {
  t.test('ruling 19: a signed statement is stored, and its signature comes back byte for byte', async (t) => {
    const asker = lrs.fresh()
    for (const alg of ['RS256', 'RS384', 'RS512']) {
      for (const header of [{ alg }, { alg, ...x5c(signer.publicKey) }]) {
        const statement = sent()
        const jws = await sign(statement, header)
        const answer = await postSigned(asker, statement, jws)
        t.equal(answer.status, 200, textOf(answer))
        const [, part] = partsOf(await asker.get({ statementId: statement.id, attachments: true }))
        t.equal(String(part?.content), jws)
      }
    }
  })

  t.test('ruling 19: a signature that is wrong is 400, and nothing is stored', async (t) => {
    const asker = lrs.fresh()
    const statement = sent()
    const shared = new CompactSign(Buffer.from(JSON.stringify(statement))).setProtectedHeader({ alg: 'HS256' })
    const pss = new CompactSign(Buffer.from(JSON.stringify(statement))).setProtectedHeader({ alg: 'PS256' })
    const [head, payload, proof] = (await sign(statement, x5c(signer.publicKey))).split('.')
    const wrong: Readonly<Record<string, string>> = {
      'another statement': await sign({ ...statement, verb: aVerb('other') }),
      'another id': await sign({ ...statement, id: anId() }),
      'the certificate of another key': await sign(statement, x5c(stranger.publicKey)),
      'bytes that were changed': `${head}.${payload}.${proof?.slice(0, -8)}AAAAAAAA`,
      HS256: await shared.sign(Buffer.alloc(32)),
      PS256: await pss.sign(signer.privateKey),
      none: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.AA`,
      'no JWS': 'signed by Alice',
      nothing: ''
    }
    for (const [what, jws] of Object.entries(wrong)) {
      const answer = await postSigned(asker, statement, jws)
      t.equal(answer.status, 400, what)
      t.equal(jsonOf(answer).error, 'INVALID_SIGNATURE', what)
      t.same(jsonOf(answer).problems[0].pointer, '/attachments/0', what)
    }
    t.same(await asker.list(), [])
  })
})

t.test(
  'ruling 19: the payload is the statement before it was signed: without id, with other attachments',
  async (t) => {
    const asker = (await startLrs(t)).fresh()
    const { id: _, ...withoutId } = sent()
    t.equal(
      (await postSigned(asker, sent({ ...withoutId }), await sign(withoutId))).status,
      200,
      'no id in the payload'
    )
    t.equal(
      (await postSigned(asker, withoutId, await sign({ ...withoutId, id: anId() }))).status,
      200,
      'an id in the payload only'
    )
    const withEssay = sent({ attachments: [attachmentOf('essay')] })
    t.equal(
      (await postSigned(asker, withEssay, await sign(withEssay))).status,
      200,
      'another attachment is signed with it'
    )
    const { attachments: __, ...withoutEssay } = withEssay
    t.equal((await postSigned(asker, { ...withEssay, id: anId() }, await sign(withoutEssay))).status, 400, 'and counts')
    const timed = { ...sent(), timestamp: '2026-11-21T10:00:00Z' }
    t.equal(
      (await postSigned(asker, timed, await sign({ ...timed, timestamp: '2026-11-21T11:00:00+01:00' }))).status,
      200
    )
    t.equal(
      (
        await postSigned(
          asker,
          { ...timed, id: anId() },
          await sign({ ...timed, id: undefined, timestamp: '2026-11-21T11:00:00Z' })
        )
      ).status,
      400
    )
  }
)

t.test('Data §2.6: the signature is application/octet-stream and comes along', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const statement = sent()
  const jws = await sign(statement)
  const text = { ...statement, attachments: [{ ...signature(jws), contentType: 'text/plain' }] }
  t.equal((await asker.post(undefined, multipart([statementPart(text), contentPart(jws)]))).status, 400)
  const elsewhere = {
    ...statement,
    attachments: [{ ...signature(jws), fileUrl: 'https://files.example.org/signature' }]
  }
  t.equal((await asker.post(elsewhere)).status, 400)
})

t.test('ruling 19: where the operator trusts keys, one of them must verify what has no certificate', async (t) => {
  const signatureKeys = signer.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const trusting = (await startLrs(t, { settings: { signatureKeys } })).as('janedoe')
  const statement = sent()
  t.equal((await postSigned(trusting, statement, await sign(statement))).status, 200)
  const other = sent()
  const forged = await new CompactSign(Buffer.from(JSON.stringify(other)))
    .setProtectedHeader({ alg: 'RS256' })
    .sign(stranger.privateKey)
  t.equal((await postSigned(trusting, other, forged)).status, 400)
  t.same(await trusting.list(), [statement.id])
})

t.test('a signed statement that was sent again is the same, signed anew it is too', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const statement = sent()
  const jws = await sign(statement)
  t.equal((await postSigned(asker, statement, jws)).status, 200)
  t.equal((await postSigned(asker, statement, jws)).status, 200)
})
