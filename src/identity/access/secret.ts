import { createHmac, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** What a secret opens: a program (key), content in a browser (token), or one token (fetch). */
export const secretKinds = ['key', 'token', 'fetch'] as const
export type SecretKind = (typeof secretKinds)[number]

/** A secret that has the right form. Nobody has looked yet whether it is one that Ralph has made. */
export interface PresentedSecret {
  readonly kind: SecretKind
  readonly id: string
  /** All of it. */
  readonly text: string
}

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const randomText = (length: number): string => Array.from({ length }, () => letters[randomInt(letters.length)]).join('')

/** 62 to the power of 43 is more than 2 to the power of 256: nobody can try them all, so a fast hash is enough. */
const secretLength = 43

const checksumOf = (text: string): string => {
  let left = crc32(text)
  let written = ''
  for (let at = 0; at < 6; at += 1) {
    written = `${letters[left % letters.length]}${written}`
    left = Math.floor(left / letters.length)
  }
  return written
}

/** A new id. With `expires` (seconds since 1970) it begins with that time, so that it is known without reading the record. */
export const newSecretId = (expires?: number): string =>
  `${expires === undefined ? '' : Math.ceil(expires).toString(36).padStart(8, '0')}${randomText(16)}`

/** The seconds since 1970 at which what has this id of `newSecretId` expires. Undefined: the id does not say it. */
export const expiryIn = (id: string): number | undefined =>
  /^[0-9a-z]{8}[0-9A-Za-z]{16}$/.test(id) ? Number.parseInt(id.slice(0, 8), 36) : undefined

/**
 * `ralph_key_ID_SECRET`. Scanners of source code find it by its beginning, and know by its last six characters, a checksum, that it is not
 * a text that only looks like one.
 */
export const newSecret = (kind: SecretKind, id: string): string => {
  const text = `ralph_${kind}_${id}_${randomText(secretLength)}`
  return `${text}${checksumOf(text)}`
}

const form = new RegExp(
  `^ralph_(${secretKinds.join('|')})_([0-9A-Za-z]{16}|[0-9A-Za-z]{24})_[0-9A-Za-z]{${secretLength + 6}}$`
)

/** Undefined: the text does not have the form of a secret of Ralph. */
export const readSecret = (text: string): PresentedSecret | undefined => {
  const [, word, id] = form.exec(text) ?? []
  const kind = secretKinds.find((each) => each === word)
  if (kind === undefined || id === undefined || checksumOf(text.slice(0, -6)) !== text.slice(-6)) return undefined
  return { kind, id, text }
}

/** The two halves of a secret, for programs that have a field for a name and one for a password. */
export const asLogin = (text: string): { readonly username: string; readonly password: string } => {
  const at = text.lastIndexOf('_')
  return { username: text.slice(0, at), password: text.slice(at + 1) }
}

/** Whether a text is meant to be a secret of Ralph, right or wrong. Then no other authenticator is asked. */
export const looksLikeSecret = (text: string): boolean => /^ralph_(?:key|token|fetch)_/.test(text)

export const digestOf = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()
