import type { CryptoKey, JWTVerifyGetKey, JWTVerifyOptions, JWTVerifyResult } from 'jose'
import type { Clock } from '../../contracts/clock.ts'
import { RalphError } from '../../errors.ts'
import type { OidcSettings } from '../../settings/settings.ts'
import type { Claims } from './claims.ts'
import { type Provider, unavailable } from './provider.ts'

/**
 * Only signatures by a private key that nobody but the provider has. With `HS256` the public key would be the secret, and
 * everybody could sign.
 */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
]

/** Seconds by which the clocks of the provider and of this server may differ. */
const clockTolerance = 10

/** Tokens without `kid` do not say which key has signed them: each key that could is tried. */
const verifyByAny = async (
  token: string,
  candidates: AsyncIterable<CryptoKey>,
  options: JWTVerifyOptions
): Promise<JWTVerifyResult> => {
  const { jwtVerify, errors } = await import('jose')
  for await (const key of candidates) {
    try {
      return await jwtVerify(token, key, options)
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
    }
  }
  throw new errors.JWSSignatureVerificationFailed()
}

const verify = async (token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTVerifyResult> => {
  const { jwtVerify, errors } = await import('jose')
  try {
    return await jwtVerify(token, keys, options)
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) return verifyByAny(token, error, options)
    throw error
  }
}

/** Says what is wrong with a token in the words of its client; undefined: it is the provider that is at fault. */
const faultOf = async (error: unknown): Promise<string | undefined> => {
  const { errors } = await import('jose')
  if (error instanceof errors.JWTExpired) return 'The token has expired.'
  if (error instanceof errors.JWTClaimValidationFailed)
    return `The claim ${error.claim} of the token is not acceptable.`
  if (error instanceof errors.JWKSNoMatchingKey) return 'The token is not signed by a key of the identity provider.'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'The signature of the token is wrong.'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'The token is signed by an algorithm that is not accepted.'
  const ofToken = [errors.JWSInvalid, errors.JWTInvalid, errors.JOSENotSupported]
  return ofToken.some((each) => error instanceof each) ? 'The token is not a signed JSON Web Token.' : undefined
}

/**
 * The claims of a JSON Web Token that a key of the provider has signed, if its issuer and its times are as they must be.
 * `UNAUTHENTICATED` says what is wrong with it; `IDENTITY_PROVIDER_UNAVAILABLE` when its key cannot be fetched.
 */
export const verifySignature = async (
  token: string,
  { metadata, keys, renewKeys }: Provider,
  required: Pick<JWTVerifyOptions, 'audience' | 'currentDate' | 'requiredClaims'> = {}
): Promise<Claims> => {
  renewKeys()
  try {
    const options = { issuer: metadata.issuer, algorithms, clockTolerance, ...required }
    return (await verify(token, keys, options)).payload
  } catch (error) {
    const fault = await faultOf(error)
    throw fault === undefined ? unavailable(error) : new RalphError('UNAUTHENTICATED', fault, {}, { cause: error })
  }
}

/** The claims of a token that is verified here, without asking the provider about it. Errors as of `verifySignature`. */
export const verifyToken = (
  token: string,
  provider: Provider,
  { audience }: OidcSettings,
  clock: Clock
): Promise<Claims> =>
  verifySignature(token, provider, {
    currentDate: new Date(clock() / 1000),
    requiredClaims: ['exp'],
    ...(audience.length === 0 ? {} : { audience: [...audience] })
  })
