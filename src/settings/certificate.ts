import { X509Certificate } from 'node:crypto'
import type { Kind } from './kinds.ts'

/** PEM, or PEM in base64 as in document 004. Returned as PEM. */
export const certificate: Kind<string> = {
  expected: 'certificates in PEM, or PEM in base64',
  placeholder: 'pem',
  parse: (value) => {
    const pem = value.includes('-----BEGIN') ? value : Buffer.from(value, 'base64').toString('latin1')
    try {
      return new X509Certificate(pem).subject === undefined ? undefined : pem
    } catch {
      return undefined
    }
  }
}
