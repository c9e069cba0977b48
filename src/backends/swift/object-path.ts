import { RalphError } from '../../errors.ts'

/** The account of an object storage, and the container if the URL names one. */
export interface StorageUrl {
  /** Scheme, host and port. */
  readonly origin: string
  /** The encoded path of the account. */
  readonly path: string
  readonly container: string | undefined
}

const variable = 'RALPH_BACKENDS__DATA__SWIFT__OBJECT_STORAGE_URL'

/** Throws `INVALID_SETTING` when there is more after the container. */
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

/** The path in the account. A name may contain slashes, a container may not. */
export const pathOf = (container: string, name?: string, query: { readonly [key: string]: string } = {}): string => {
  const encoded = name === undefined ? '' : `/${name.split('/').map(encodeURIComponent).join('/')}`
  const asked = new URLSearchParams(query).toString()
  return `/${encodeURIComponent(container)}${encoded}${asked === '' ? '' : `?${asked}`}`
}
