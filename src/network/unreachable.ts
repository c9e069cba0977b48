import { RalphError } from '../errors.ts'

const networkCodes: { readonly [code: string]: string } = {
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  EPROTO: 'it speaks another protocol: is the URL right, including http:// or https://?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: must the URL begin with http://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS: must the URL begin with http://?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: is the clock right?',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer'
}

const isDistrust = (code: string): boolean =>
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_)/.test(code)

/** A host with several addresses gives one error for each. They are alike. */
const causesOf = (error: unknown): readonly unknown[] => {
  if (!(error instanceof Error)) return []
  const inner = error instanceof AggregateError ? error.errors : []
  return [...inner, ...(error.cause === undefined ? [] : [error.cause])]
}

const codeOf = (error: unknown, depth = 3): string | undefined => {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    if (error.code in networkCodes || isDistrust(error.code)) return error.code
    if (error.code.startsWith('HPE_')) return 'EPROTO'
  }
  if (error instanceof Error && error.name === 'TimeoutError') return 'ETIMEDOUT'
  if (depth === 0) return undefined
  for (const cause of causesOf(error)) {
    const code = codeOf(cause, depth - 1)
    if (code !== undefined) return code
  }
  return undefined
}

/** `STORE_UNAVAILABLE` with what to check, for an error before the server could answer. Undefined for other errors. */
export const unreachable = (error: unknown, url: string): RalphError | undefined => {
  const code = codeOf(error)
  if (code === undefined) return undefined
  const reason =
    networkCodes[code] ??
    `its certificate is not trusted (${code}): set NODE_EXTRA_CA_CERTS to the certificate of its authority`
  return new RalphError('STORE_UNAVAILABLE', `${url} is unreachable: ${reason}`, { code }, { cause: error })
}

/** Whether the error may be gone a moment later without any action. */
export const isPassingNetworkError = (error: unknown): boolean => {
  const code = codeOf(error)
  return code !== undefined && /^(?:EAI_AGAIN|ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|UND_ERR)/.test(code)
}
