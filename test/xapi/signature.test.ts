import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { CompactSign } from 'jose'
import t from 'tap'
import type { ReceivedAttachment } from '../../src/xapi/attachments.ts'
import {
  parseTrustedKeys,
  type SignatureRules,
  signatureAttachments,
  verifySignature,
  verifySignatures
} from '../../src/xapi/signature.ts'
import { type Attachment, type Statement, signatureUsageType } from '../../src/xapi/statement.ts'
import { aCertificate, asPem } from '../support/certificate.ts'
import { aStatement, withMbox } from '../support/statements.ts'

const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength })
const signer = rsa(2048)
const stranger = rsa(2048)
const weak = rsa(1024)
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const { authority: _, version: __, ...statement } = aStatement({ result: { duration: 'PT1.12S' } })

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** What a client makes with a JOSE library. */
const signed = (payload: unknown, { alg = 'RS256', key = signer.privateKey, header = {} } = {}): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader({ alg, ...header }).sign(key)

/** What no JOSE library makes. */
const signedByHand = (header: object, payload: string, key: KeyObject = signer.privateKey): string => {
  const input = `${encode(header)}.${encode(payload)}`
  const signature = sign('RSA-SHA256', Buffer.from(input), { key, padding: constants.RSA_PKCS1_PADDING })
  return `${input}.${signature.toString('base64url')}`
}

const attachmentOf = (jws: string, parts: Partial<Attachment> = {}): Attachment => ({
  usageType: signatureUsageType,
  display: { en: 'Signature' },
  contentType: 'application/octet-stream',
  length: jws.length,
  sha2: createHash('sha256').update(jws).digest('hex'),
  ...parts
})

const rules: SignatureRules = { trustedKeys: [], version: '1.0.3', maxStatementSize: 2 ** 21 }

const verify = (jws: string, more: Partial<SignatureRules> = {}, of: Statement = statement): Promise<void> => {
  const attachment = attachmentOf(jws)
  return verifySignature({ ...of, attachments: [attachment] }, attachment, Buffer.from(jws), { ...rules, ...more })
}

const x5c = (subject: KeyObject, issuer: KeyObject = signer.privateKey) => ({
  x5c: [aCertificate(subject, issuer).toString('base64')]
})

for (const alg of ['RS256', 'RS384', 'RS512']) {
  t.test(`ruling 19: ${alg} is accepted, with and without a certificate`, async (t) => {
    await t.resolves(verify(await signed(statement, { alg })))
    await t.resolves(verify(await signed(statement, { alg, header: x5c(signer.publicKey) })))
    await t.resolves(verify(await signed(statement, { alg }), { trustedKeys: [signer.publicKey] }))
  })
}

const refused: Readonly<Record<string, readonly [fault: RegExp, jws: () => string | Promise<string>]>> = {
  'no signature at all (`none`)': [/algorithm/, () => `${encode({ alg: 'none' })}.${encode(statement)}.AA`],
  'no signature part': [/compact/, () => `${encode({ alg: 'none' })}.${encode(statement)}.`],
  'a shared secret (HS256)': [
    /algorithm/,
    () =>
      new CompactSign(Buffer.from(JSON.stringify(statement)))
        .setProtectedHeader({ alg: 'HS256' })
        .sign(Buffer.alloc(32))
  ],
  'an elliptic curve (ES256)': [/algorithm/, () => signed(statement, { alg: 'ES256', key: curve.privateKey })],
  'another padding (PS256)': [/algorithm/, () => signed(statement, { alg: 'PS256' })],
  'no algorithm': [/algorithm/, () => signedByHand({}, JSON.stringify(statement))],
  'an algorithm that every object has': [
    /algorithm/,
    () => signedByHand({ alg: 'constructor' }, JSON.stringify(statement))
  ],
  'an algorithm in another case': [/algorithm/, () => signedByHand({ alg: 'rs256' }, JSON.stringify(statement))],
  'JSON serialization': [/compact/, async () => JSON.stringify({ payload: encode(statement), signatures: [] })],
  'two parts': [/compact/, () => `${encode({ alg: 'RS256' })}.${encode(statement)}`],
  'four parts': [/compact/, async () => `${await signed(statement)}.AA`],
  nothing: [/compact/, () => ''],
  'a line feed behind it': [/compact/, async () => `${await signed(statement)}\n`],
  padding: [/compact/, async () => `${await signed(statement)}==`],
  'a header that is not JSON': [/header is not valid JSON/, () => `${encode('{alg')}.${encode(statement)}.AA`],
  'a header that is no object': [/header is not a JSON object/, () => `${encode('["RS256"]')}.${encode(statement)}.AA`],
  'a header that must be understood and is not': [
    /extension/,
    () => signedByHand({ alg: 'RS256', crit: ['exp'], exp: 1 }, JSON.stringify(statement))
  ],
  'a payload that is not encoded': [
    /extension/,
    () => signedByHand({ alg: 'RS256', b64: false }, JSON.stringify(statement))
  ],
  'a payload that is not JSON': [
    /payload is not valid JSON/,
    () => signedByHand({ alg: 'RS256' }, JSON.stringify(statement).replace('"', "'"))
  ],
  'a payload that is no object': [/payload is not a JSON object/, () => signedByHand({ alg: 'RS256' }, '[]')],
  'a payload of bottomless depth': [
    /deeper/,
    () => signedByHand({ alg: 'RS256' }, `{"actor":${'['.repeat(1e5)}${']'.repeat(1e5)}}`)
  ],
  'the payload of another statement': [
    /payload is not the statement/,
    () => signed({ ...statement, actor: withMbox('mallory') })
  ],
  'a payload with another id': [/payload is not the statement/, () => signed({ ...statement, id: aStatement().id })],
  'the signature of another key than the certificate': [
    /certificate does not verify/,
    () => signed(statement, { header: x5c(stranger.publicKey) })
  ],
  'a certificate that is none': [/cannot be read/, () => signed(statement, { header: { x5c: ['AAAA'] } })],
  'no certificate in the list': [/list of certificates/, () => signed(statement, { header: { x5c: [] } })],
  'a list that is none': [
    /list of certificates/,
    () => signed(statement, { header: { x5c: aCertificate(signer.publicKey, signer.privateKey).toString('base64') } })
  ],
  'a certificate of no RSA key': [/no RSA key/, () => signed(statement, { header: x5c(curve.publicKey) })]
}

for (const [what, [fault, jws]] of Object.entries(refused)) {
  t.test(`ruling 19: refused: ${what}`, async (t) => {
    await t.rejects(verify(await jws()), { code: 'INVALID_SIGNATURE', message: fault })
  })
}

t.test('ruling 19: with a certificate every changed byte is noticed', async (t) => {
  const header = encode({ alg: 'RS256', ...x5c(signer.publicKey) })
  const [, payload = '', signature = ''] = signedByHand(
    { alg: 'RS256', ...x5c(signer.publicKey) },
    JSON.stringify(statement)
  ).split('.')
  const reordered = encode(Object.fromEntries(Object.entries(statement).toReversed()))
  await t.resolves(verify(`${header}.${payload}.${signature}`))
  await t.rejects(
    verify(`${header}.${reordered}.${signature}`),
    { message: /does not verify/ },
    'the same JSON, other bytes'
  )
  await t.rejects(verify(`${header}.${payload}.${signature.slice(0, -4)}AAAA`), { message: /does not verify/ })
  await t.rejects(verify(`${header}.${payload}.AA`), { message: /does not verify/ }, 'too short')
})

t.test('Data, Appendix D: a key of 1024 bits and a certificate that has expired are enough', async (t) => {
  const header = { alg: 'RS256', ...x5c(weak.publicKey, weak.privateKey) }
  await t.resolves(verify(signedByHand(header, JSON.stringify(statement), weak.privateKey)))
  await t.rejects(verify(signedByHand(header, JSON.stringify(statement), stranger.privateKey)), {
    code: 'INVALID_SIGNATURE'
  })
})

t.test('ruling 19: a key with which nothing can be computed has signed nothing', async (t) => {
  const spki = weak.publicKey.export({ type: 'spki', format: 'der' })
  const modulus = Buffer.from(weak.publicKey.export({ format: 'jwk' }).n ?? '', 'base64url')
  const der = aCertificate(weak.publicKey, weak.privateKey)
  t.ok(spki.includes(modulus))
  Buffer.alloc(modulus.length).copy(der, der.indexOf(modulus))
  const jws = signedByHand({ alg: 'RS256', x5c: [der.toString('base64')] }, JSON.stringify(statement), weak.privateKey)
  await t.rejects(verify(jws), { code: 'INVALID_SIGNATURE' })
})

t.test('ruling 19: without a certificate one of the trusted keys must verify, if there are any', async (t) => {
  const jws = await signed(statement)
  await t.resolves(verify(jws, { trustedKeys: [stranger.publicKey, signer.publicKey] }))
  await t.rejects(verify(jws, { trustedKeys: [stranger.publicKey] }), { code: 'INVALID_SIGNATURE', message: /trusts/ })
  await t.resolves(verify(jws, { trustedKeys: [] }), 'no key is known')
})

t.test('ruling 19: with a certificate trusted keys are not asked', async (t) => {
  const jws = await signed(statement, { header: x5c(signer.publicKey) })
  await t.resolves(verify(jws, { trustedKeys: [stranger.publicKey] }))
})

t.test('ruling 19: the payload may differ in what does not count', async (t) => {
  const { timestamp: _, id: __, ...bare } = statement
  await t.resolves(verify(await signed(bare)))
  const longer = { ...statement, result: { duration: 'PT1.1237S' } }
  await t.resolves(verify(await signed(statement), { version: '2.0.0' }, longer))
  await t.rejects(verify(await signed(statement), { version: '1.0.3' }, longer), {
    message: /payload is not the statement/
  })
})

t.test('Data §2.6: a signature is application/octet-stream, and is sent along', async (t) => {
  const jws = await signed(statement)
  const withType = (contentType: string) =>
    verifySignature(statement, attachmentOf(jws, { contentType }), Buffer.from(jws), rules)
  await t.resolves(withType('Application/Octet-Stream'))
  await t.rejects(withType('text/plain; charset=ascii'), { code: 'INVALID_SIGNATURE', message: /contentType/ })
  const elsewhere = attachmentOf(jws, { fileUrl: 'https://example.org/signature' })
  await t.rejects(verifySignature(statement, elsewhere, undefined, rules), {
    code: 'INVALID_SIGNATURE',
    message: /sent along/
  })
})

t.test('only attachments with the usageType of signatures are signatures', async (t) => {
  const signature = attachmentOf('a')
  const other = attachmentOf('b', { usageType: 'https://example.org/essay' })
  t.same(signatureAttachments({ ...statement, attachments: [other, signature] }), [signature])
  t.same(signatureAttachments(statement), [])
})

t.test('a batch says which statement has an invalid signature, and what about it', async (t) => {
  const jws = await signed(statement)
  const attachment = attachmentOf(jws, { sha2: attachmentOf(jws).sha2.toUpperCase() })
  const essay = attachmentOf('essay', { usageType: 'https://example.org/essay' })
  const received: readonly ReceivedAttachment[] = [{ sha2: attachmentOf(jws).sha2, content: Buffer.from(jws) }]
  const good = { ...statement, attachments: [attachment] }
  const wrong = { ...statement, actor: withMbox('mallory'), attachments: [essay, attachment] }
  await t.resolves(verifySignatures([statement, good], received, rules))
  await t.rejects(verifySignatures([good, wrong], received, rules), {
    code: 'INVALID_SIGNATURE',
    message: /^Statement 1 at \/attachments\/1: /,
    details: { problems: [{ index: 1, pointer: '/attachments/1', rule: 'signature' }], sha2: attachmentOf(jws).sha2 }
  })
  await t.rejects(verifySignatures([good], [], rules), { code: 'INVALID_SIGNATURE', message: /sent along/ })
})

t.test('a statement that names one signature many times takes no longer to verify', async (t) => {
  const large = { ...statement, context: { extensions: { 'https://example.org/e': 'x'.repeat(1_000_000) } } }
  const jws = await signed(large)
  const attachment = attachmentOf(jws)
  const received: readonly ReceivedAttachment[] = [{ sha2: attachment.sha2, content: Buffer.from(jws) }]
  const start = performance.now()
  await verifySignatures([{ ...large, attachments: Array.from({ length: 3000 }, () => attachment) }], received, rules)
  // Each by itself, they would take ten seconds.
  t.ok(performance.now() - start < 1500)
  const text = { ...attachment, contentType: 'text/plain' }
  await t.rejects(verifySignatures([{ ...large, attachments: [attachment, text] }], received, rules), {
    code: 'INVALID_SIGNATURE',
    message: /^Statement 0 at \/attachments\/1: .*contentType/
  })
})

t.test('trusted keys are read from PEM: public keys and certificates, as many as there are', async (t) => {
  const pem = [
    'the key of the school\n',
    signer.publicKey.export({ type: 'spki', format: 'pem' }).toString().replaceAll('\n', '\r\n'),
    stranger.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    asPem('CERTIFICATE', aCertificate(weak.publicKey, signer.privateKey))
  ].join('\n')
  const keys = parseTrustedKeys(pem)
  t.equal(keys.length, 3)
  for (const [at, { publicKey }] of [signer, stranger, weak].entries()) t.ok(keys[at]?.equals(publicKey))
})

t.test('trusted keys that are unusable are refused', async (t) => {
  const unusable: Readonly<Record<string, string>> = {
    'no key': '',
    'no PEM': 'ssh-rsa AAAA',
    'a private key': signer.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'a key of another kind': curve.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    'a broken key': asPem('PUBLIC KEY', Uint8Array.of(1, 2, 3)),
    'a broken certificate': asPem('CERTIFICATE', Uint8Array.of(1, 2, 3))
  }
  for (const [what, pem] of Object.entries(unusable)) {
    t.throws(() => parseTrustedKeys(pem), { code: 'INVALID_SETTING' }, what)
  }
  const both = signer.publicKey.export({ type: 'spki', format: 'pem' }) + (unusable['a broken key'] ?? '')
  t.throws(() => parseTrustedKeys(both), { message: /^Block 2 / })
})
