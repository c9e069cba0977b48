import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** One DER value (X.690 §8.1): tag, length, content. */
const der = (tag: number, ...contents: Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents)
  if (content.length < 0x80) return Buffer.concat([Uint8Array.of(tag, content.length), content])
  const digits = content.length.toString(16)
  const length = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  return Buffer.concat([Uint8Array.of(tag, 0x80 | length.length), length, content])
}

const sequence = (...contents: Uint8Array[]): Buffer => der(0x30, ...contents)
const sha256WithRsa = sequence(Buffer.from('06092a864886f70d01010b', 'hex'), der(0x05))
const commonName = Buffer.from('0603550403', 'hex')
const time = (text: string): Buffer => der(0x17, Buffer.from(text))

/** One that has long expired, and one that holds for as long as this form of a time can say. */
const validities = {
  expired: ['130404152830Z', '140404152830Z'],
  valid: ['200101000000Z', '491231235959Z']
} as const

/** A certificate of a key, signed with any RSA key, in DER (RFC 5280 §4.1, version 1). */
export const aCertificate = (
  subject: KeyObject,
  issuer: KeyObject,
  { host = 'Ralph', validity = 'expired' }: { host?: string; validity?: keyof typeof validities } = {}
): Buffer => {
  const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(host)))))
  const body = sequence(
    der(0x02, Uint8Array.of(1)),
    sha256WithRsa,
    name,
    sequence(...validities[validity].map(time)),
    name,
    subject.export({ type: 'spki', format: 'der' })
  )
  return sequence(body, sha256WithRsa, der(0x03, Uint8Array.of(0), sign('RSA-SHA256', body, issuer)))
}

export const asPem = (label: string, content: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(content).toString('base64')}\n-----END ${label}-----\n`

/** A certificate of `localhost` that is its own authority. */
export const aSelfSigned = () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const certificate = aCertificate(publicKey, privateKey, { host: 'localhost', validity: 'valid' })
  return {
    pem: asPem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' })
  }
}
