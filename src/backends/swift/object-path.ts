import { RalphError } from '../../errors.ts'

/** The account of an object storage, and the container that its URL goes on to, if any. */
export interface StorageUrl {
  /** Scheme, host and port. */
  readonly origin: string
  /** Of the account, as it is sent. */
  readonly path: string
  readonly container: string | undefined
}

const variable = 'RALPH_BACKENDS__DATA__SWIFT__OBJECT_STORAGE_URL'

/** `INVALID_SETTING`: it goes on behind the container. */
export const parseStorageUrl = (text: string): StorageUrl => {
  const { origin, pathname } = new URL(text)
  const [, account, container, rest] = /^(.*?\/v1(?:\.\d+)?\/[^/]+)(?:\/([^/]+))?(\/.+)?$/.exec(pathname) ?? []
  if (rest !== undefined) {
    throw new RalphError('INVALID_SETTING', `${variable} is ${text}: expected the URL of an account or of a container`)
  }
  return {
    origin,
    path: account ?? pathname.replace(/\/+$/, ''),
    container: container === undefined ? undefined : decodeURIComponent(container)
  }
}

/** In the account. Slashes of a name are its own; of a container there are none. */
export const pathOf = (container: string, name?: string, query: { readonly [key: string]: string } = {}): string => {
  const encoded = name === undefined ? '' : `/${name.split('/').map(encodeURIComponent).join('/')}`
  const asked = new URLSearchParams(query).toString()
  return `/${encodeURIComponent(container)}${encoded}${asked === '' ? '' : `?${asked}`}`
}
