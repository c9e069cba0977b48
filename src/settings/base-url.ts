import type { Kind } from './kinds.ts'

export interface BaseUrl {
  /** Without credentials; with a slash at its end. */
  readonly href: string
  readonly username: string | undefined
  readonly password: string | undefined
}

const decoded = (part: string): string | undefined => (part === '' ? undefined : decodeURIComponent(part))

/** The address of a server. The URL may contain credentials. */
export const baseUrl: Kind<BaseUrl> = {
  placeholder: 'url',
  expected: 'an http:// or https:// URL without query and fragment',
  parse: (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') return undefined
    try {
      const [username, password] = [decoded(url.username), decoded(url.password)]
      url.username = ''
      url.password = ''
      return { href: url.href.endsWith('/') ? url.href : `${url.href}/`, username, password }
    } catch {
      // A percent sign that does not encode anything.
      return undefined
    }
  }
}
