import { constants, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { messageOf, RalphError } from '../errors.ts'
import { decodeUtf8, parseJson } from '../json/exact.ts'
import type { ReceivedAttachment } from './attachments.ts'
import { sameSigned } from './equivalence.ts'
import { mediaType } from './media-type.ts'
import { isJsonObject } from './same-json.ts'
import { type Attachment, type Json, type JsonObject, type Statement, signatureUsageType } from './statement.ts'
import type { Version } from './version.ts'

/** An RSA public key. */
export type TrustedKey = KeyObject

/** The attachments of a statement that claim to be its signature (Data §2.6). */
export const signatureAttachments = (statement: Statement): readonly Attachment[] =>
  statement.attachments?.filter(({ usageType }) => usageType === signatureUsageType) ?? []

/** "The JWS signature MUST use an algorithm of RS256, RS384, or RS512". `none` and shared secrets prove nothing. */
const digests: ReadonlyMap<unknown, string> = new Map([
  ['RS256', 'RSA-SHA256'],
  ['RS384', 'RSA-SHA384'],
  ['RS512', 'RSA-SHA512']
])

/** The parts of a compact JWS (RFC 7515 §7.1), not verified yet. */
interface Signature {
  readonly digest: string
  /** Public key of the certificate in the header. */
  readonly key: KeyObject | undefined
  readonly payload: JsonObject
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

const invalid = (fault: string, cause?: unknown): RalphError =>
  new RalphError('INVALID_SIGNATURE', `The signature is invalid: ${fault}.`, {}, { cause })

/** Deeper than any valid statement, and not too deep for the comparison. */
const deepest = 100

const isDeeperThan = (levels: number, value: Json): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((each) => isDeeperThan(levels - 1, each)))

/** Reads one part of a JWS as a JSON object. */
const readPart = (part: string, name: 'header' | 'payload'): JsonObject => {
  let value: Json
  try {
    value = parseJson(decodeUtf8(Buffer.from(part, 'base64url'))) as Json
  } catch (cause) {
    throw invalid(`its ${name} is not valid JSON`, cause)
  }
  if (!isJsonObject(value)) throw invalid(`its ${name} is not a JSON object`)
  if (isDeeperThan(deepest, value)) throw invalid(`its ${name} is nested deeper than ${deepest} levels`)
  return value
}

const isRsa = (key: KeyObject): boolean => key.type === 'public' && key.asymmetricKeyType === 'rsa'

/** The key of the first certificate of the chain, which belongs to the signer (RFC 7515 §4.1.6). */
const certifiedKey = (chain: Json): KeyObject => {
  const first: unknown = Array.isArray(chain) ? chain[0] : undefined
  if (typeof first !== 'string') throw invalid('`x5c` in its header is not a list of certificates')
  let key: KeyObject
  try {
    key = new X509Certificate(Buffer.from(first, 'base64')).publicKey
  } catch (cause) {
    throw invalid('the first certificate of `x5c` in its header cannot be read', cause)
  }
  if (!isRsa(key)) throw invalid('the first certificate of `x5c` in its header has no RSA key')
  return key
}

const compact = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/

const readSignature = (jws: Uint8Array): Signature => {
  const text = Buffer.from(jws.buffer, jws.byteOffset, jws.byteLength).toString('latin1')
  const [, header, payload, signature] = compact.exec(text) ?? []
  if (header === undefined || payload === undefined || signature === undefined) {
    throw invalid('it is not a JWS in compact serialization, which has three parts of base64url with dots between them')
  }
  const { alg, x5c, crit, b64 } = readPart(header, 'header')
  const digest = digests.get(alg)
  if (digest === undefined) throw invalid('its algorithm must be RS256, RS384 or RS512')
  if (crit !== undefined || b64 !== undefined) throw invalid('its header requires an extension of JWS')
  return {
    digest,
    key: x5c === undefined ? undefined : certifiedKey(x5c),
    payload: readPart(payload, 'payload'),
    signed: Buffer.from(`${header}.${payload}`, 'latin1'),
    signature: Buffer.from(signature, 'base64url')
  }
}

// The overload with a callback. `promisify` would take the one without.
const verifyBytes = promisify(verify) as unknown as (
  digest: string,
  signed: Uint8Array,
  key: { readonly key: KeyObject; readonly padding: number },
  signature: Uint8Array
) => Promise<boolean>

/**
 * Verifies in a thread of Node's pool. A JOSE library is not used: such libraries refuse keys below 2048 bits, and the specification signs
 * its own example (Data, Appendix D) with 1024. The check is "a way to catch mistakes, not a security measure" (Data §2.6), so the chain
 * and the dates of a certificate are not checked.
 */
const isSignedWith = async ({ digest, signed, signature }: Signature, key: KeyObject): Promise<boolean> => {
  try {
    return await verifyBytes(digest, signed, { key, padding: constants.RSA_PKCS1_PADDING }, signature)
  } catch {
    // Node cannot compute with this key, for example because its modulus is 0. So it has signed nothing.
    return false
  }
}

const requireSigner = async (signature: Signature, trustedKeys: readonly TrustedKey[]): Promise<void> => {
  if (signature.key !== undefined) {
    if (await isSignedWith(signature, signature.key)) return
    throw invalid('the key of its certificate does not verify it')
  }
  if (trustedKeys.length === 0) return
  for (const key of trustedKeys) if (await isSignedWith(signature, key)) return
  throw invalid('it has no `x5c`, and none of the keys that this server trusts verifies it')
}

export interface SignatureRules {
  /**
   * Keys that verify signatures without a certificate. If the list is empty, only the form and the payload of such signatures are checked.
   */
  readonly trustedKeys: readonly TrustedKey[]
  /** Version of the request. Statement and payload are compared by it. */
  readonly version: Version
  /** Position of the first statement in the request; 0 unless given. */
  readonly firstIndex?: number
  /** The most bytes of a statement, and so of a payload. */
  readonly maxStatementSize: number
}

/** Bytes of a JWS besides its payload: a chain of certificates, and the signature of the longest key in use. */
const beside = 2 ** 18
const setting = 'RALPH_RUNSERVER_MAX_STATEMENT_SIZE'

/** A signature contains the statement (Data §2.6), in base64. A much longer one contains no statement that could be stored. */
const requireSize = ({ byteLength }: Uint8Array, { maxStatementSize: limit }: SignatureRules): void => {
  if (byteLength <= (limit * 4) / 3 + beside) return
  const message = `it is larger than the signature of a statement with the ${limit} bytes of ${setting}`
  throw new RalphError('INVALID_SIGNATURE', `The signature is invalid: ${message}.`, { limit, setting })
}

const requireBytes = ({ contentType }: Attachment): void => {
  if (mediaType(contentType) !== 'application/octet-stream') {
    throw invalid('its contentType must be application/octet-stream')
  }
}

/**
 * Verifies one signature of a statement (Data §2.6): form, algorithm and payload. If there is a certificate or a trusted key, the key too.
 * `jws` is undefined if only a fileUrl was given. Throws `INVALID_SIGNATURE`, which says what is wrong.
 */
export const verifySignature = async (
  statement: Statement,
  attachment: Attachment,
  jws: Uint8Array | undefined,
  rules: SignatureRules
): Promise<void> => {
  const { trustedKeys, version } = rules
  requireBytes(attachment)
  if (jws === undefined) throw invalid('it must be sent along, a fileUrl is not enough')
  requireSize(jws, rules)
  const signature = readSignature(jws)
  if (!sameSigned(statement, signature.payload, version)) {
    throw invalid('its payload is not the statement without its signature')
  }
  await requireSigner(signature, trustedKeys)
}

const located = (error: unknown, index: number, pointer: string, sha2: string): unknown => {
  if (!(error instanceof RalphError)) return error
  const problems = [{ index, pointer, rule: 'signature', expected: 'a valid signature of the statement' }]
  return new RalphError(
    error.code,
    `Statement ${index} at ${pointer}: ${error.message}`,
    { ...error.details, problems, sha2 },
    { cause: error }
  )
}

/** Verifies every signature of a batch. Throws `INVALID_SIGNATURE` for the first wrong one. */
export const verifySignatures = async (
  statements: readonly Statement[],
  received: readonly ReceivedAttachment[],
  rules: SignatureRules
): Promise<void> => {
  const contents = new Map(received.map(({ sha2, content }) => [sha2.toLowerCase(), content]))
  for (const [at, statement] of statements.entries()) {
    // If a statement names one signature several times, it is verified once.
    const verified = new Set<string>()
    for (const attachment of signatureAttachments(statement)) {
      const sha2 = attachment.sha2.toLowerCase()
      try {
        if (verified.has(sha2)) requireBytes(attachment)
        else await verifySignature(statement, attachment, contents.get(sha2), rules)
      } catch (error) {
        const pointer = `/attachments/${statement.attachments?.indexOf(attachment)}`
        throw located(error, (rules.firstIndex ?? 0) + at, pointer, sha2)
      }
      verified.add(sha2)
    }
  }
}

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g

const keyOf = (block: string, label: string): KeyObject => {
  switch (label) {
    case 'CERTIFICATE':
      return new X509Certificate(block).publicKey
    case 'PUBLIC KEY':
    case 'RSA PUBLIC KEY':
      return createPublicKey(block)
    default:
      throw new Error(`a ${label} is neither a public key nor a certificate`)
  }
}

/**
 * All public keys of a PEM text: PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE blocks. Text between the blocks is a comment. Throws
 * `INVALID_SETTING` if there is no block, or if one is not an RSA public key. A private key is refused too.
 */
export const parseTrustedKeys = (pem: string): readonly TrustedKey[] => {
  const keys = [...pem.matchAll(pemBlock)].map(([block, label = ''], index) => {
    try {
      const key = keyOf(block, label)
      if (!isRsa(key)) throw new Error('it is not an RSA key')
      return key
    } catch (cause) {
      const reason = messageOf(cause)
      throw new RalphError(
        'INVALID_SETTING',
        `Block ${index + 1} of the signature keys is unusable: ${reason}.`,
        {},
        { cause }
      )
    }
  })
  if (keys.length === 0) throw new RalphError('INVALID_SETTING', 'The signature keys contain no PEM block.')
  return keys
}
