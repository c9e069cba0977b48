import { RalphError } from '../errors.ts'
import type { Authenticator } from './authenticator.ts'
import type { Passwords } from './passwords.ts'

/** RFC 7617 §2 with the token68 of RFC 9110 §11.2: the name of the scheme has no case. */
const headerForm = /^basic ([\w.~+/-]+=*)$/iu

/** RFC 7617 §2: neither the name nor the password may contain control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const control = /[\x00-\x1F\x7F]/u

/** The first colon ends the name. */
const userPass = /^(?<username>[^:]*):(?<password>.*)$/u

interface Login {
  readonly username: string
  readonly password: string
}

/** The name and the password in the header Authorization; undefined: it does not hold any. */
export const readBasic = (authorization: string | undefined): Login | undefined => {
  const [, encoded] = headerForm.exec(authorization ?? '') ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  if (control.test(text)) return undefined
  const { username, password } = userPass.exec(text)?.groups ?? {}
  return username === undefined || password === undefined ? undefined : { username, password }
}

/**
 * HTTP Basic authentication (RFC 7617) with the users of the auth file.
 * @param onRefused told of every login with a wrong name or password
 */
export const basicAuthenticator = (
  passwords: Passwords,
  onRefused: (username: string, source: string) => void
): Authenticator => ({
  scheme: 'Basic',
  challenge: 'Basic realm="Ralph LRS", charset="UTF-8"',
  authenticate: async ({ authorization, source }) => {
    const login = readBasic(authorization)
    if (login === undefined) return undefined
    const principal = await passwords.verify(login.username, login.password, source)
    if (principal !== undefined) return principal
    onRefused(login.username, source)
    throw new RalphError('UNAUTHENTICATED', 'Username or password is wrong.')
  },
  announce: passwords.announce,
  close: passwords.close
})
