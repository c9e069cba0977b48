import { hash } from 'node:crypto'

/** Variant of RFC 4122, by the digit that was there. */
const variants = '89ab89ab89ab89ab'

const uuidForm = /^(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i

/** The 16 bytes of a UUID in any of its spellings; undefined for what is none. */
export const uuidBytes = (text: string): Uint8Array | undefined => {
  const match = uuidForm.exec(text.trim())
  return match === null ? undefined : Buffer.from(match.slice(1).join(''), 'hex')
}

/** Gives names of a namespace their UUIDs of version 5 (RFC 4122 §4.3): the same bytes, the same id. */
export const createNames = (namespace: Uint8Array): ((name: Uint8Array) => string) => {
  const start = namespace.length
  let scratch = Buffer.alloc(2 ** 13)
  scratch.set(namespace)
  return (name) => {
    const end = start + name.length
    if (end > scratch.length) {
      scratch = Buffer.alloc(end * 2)
      scratch.set(namespace)
    }
    scratch.set(name, start)
    const digest = hash('sha1', scratch.subarray(0, end), 'hex')
    const variant = variants[Number.parseInt(digest.charAt(16), 16)]
    return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`
  }
}
