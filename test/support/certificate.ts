import { type KeyObject, sign } from 'node:crypto'

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

/** A certificate of a key, signed with any RSA key and long expired, in DER (RFC 5280 §4.1, version 1). */
export const aCertificate = (subject: KeyObject, issuer: KeyObject): Buffer => {
  const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from('Ralph')))))
  const body = sequence(
    der(0x02, Uint8Array.of(1)),
    sha256WithRsa,
    name,
    sequence(time('130404152830Z'), time('140404152830Z')),
    name,
    subject.export({ type: 'spki', format: 'der' })
  )
  return sequence(body, sha256WithRsa, der(0x03, Uint8Array.of(0), sign('RSA-SHA256', body, issuer)))
}

export const asPem = (label: string, content: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(content).toString('base64')}\n-----END ${label}-----\n`
