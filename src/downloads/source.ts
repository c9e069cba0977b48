import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RalphError } from '../errors.ts'

export const getters = ['file', 'http', 'ftp', 'git', 'hg', 's3'] as const
export type Getter = (typeof getters)[number]

/** The supported checksums. */
export const checksumTypes = ['md5', 'sha1', 'sha256', 'sha512'] as const
export interface ExpectedChecksum {
  readonly type: (typeof checksumTypes)[number]
  /** In lower-case hexadecimal. */
  readonly hex: string
}

/** The source of a download, in the syntax of go-getter: `FORCED::URL//SUBDIR?ref=…&checksum=…&archive=…`. */
export interface DownloadSource {
  readonly getter: Getter
  /** The URL to request: without the forced getter, the subdirectory and the parameters that are not for the server. */
  readonly url: URL
  /** A directory in the repository or archive, without slashes at its ends. Undefined: all of it. */
  readonly subdirectory: string | undefined
  /** Branch, tag or commit. Undefined: the default of the server. */
  readonly ref: string | undefined
  readonly checksum: ExpectedChecksum | undefined
  /** `?archive=`. False: it stays packed. A suffix: its format, whatever its name. */
  readonly archive: string | false | undefined
  /** The name of the file. */
  readonly name: string
}

const refused = (text: string, reason: string): RalphError =>
  new RalphError('INVALID_QUERY', `${withoutCredentials(text)}: ${reason}`)

/** The part of a URL that may be shown, without credentials and signatures. */
export const withoutCredentials = (text: string): string =>
  text
    .replace(/\/\/[^/\s@]*@/g, '//(not shown)@')
    .replace(
      /([?&](?:aws_access_key_(?:id|secret|token)|x-amz-[a-z-]+|sshkey|sig|signature|token)=)[^&]*/gi,
      '$1(not shown)'
    )

const lengths: { readonly [type in ExpectedChecksum['type']]: number } = { md5: 32, sha1: 40, sha256: 64, sha512: 128 }

/** `sha256:…`, or only the digits, whose number tells the type. Throws `INVALID_QUERY`. */
export const parseChecksum = (text: string): ExpectedChecksum => {
  const [, named, hex = ''] = /^(?:([a-z0-9]+):)?([0-9a-f]+)$/i.exec(text) ?? []
  const type = checksumTypes.find((each) => lengths[each] === hex.length && (named ?? each).toLowerCase() === each)
  if (type === undefined) {
    throw refused(`checksum ${text}`, `expected one of ${checksumTypes.join(', ')}, a colon and its hexadecimal digits`)
  }
  return { type, hex: hex.toLowerCase() }
}

const getterOf: { readonly [protocol: string]: Getter } = {
  'file:': 'file',
  'http:': 'http',
  'https:': 'http',
  'ftp:': 'ftp',
  'ftps:': 'ftp',
  's3:': 's3',
  'git:': 'git'
}

/** The protocols that each getter can be combined with. */
const protocolsOf: { readonly [getter in Getter]: readonly string[] } = {
  file: ['file:'],
  http: ['http:', 'https:'],
  ftp: ['ftp:', 'ftps:'],
  git: ['http:', 'https:', 'ssh:', 'git:', 'file:'],
  hg: ['http:', 'https:', 'ssh:', 'file:'],
  s3: ['http:', 'https:', 's3:']
}

const forcedNames: { readonly [name: string]: Getter } = {
  ...Object.fromEntries(getters.map((getter) => [getter, getter])),
  https: 'http',
  ftps: 'ftp'
}

/** `github.com/owner/repository/sub/directory` and similar are repositories; so is `git@host:path`. */
const detected = (text: string): { readonly getter: Getter; readonly text: string } | undefined => {
  const hosted = /^((?:github|gitlab)\.com\/[^/?]+\/[^/?]+?)(?:\.git)?(?:\/\/?([^?]*))?(\?.*)?$/.exec(text)
  if (hosted !== null) {
    const [, place = '', inside = '', query = ''] = hosted
    return { getter: 'git', text: `https://${place}.git${inside === '' ? '' : `//${inside}`}${query}` }
  }
  const remote = /^([\w.-]+@[\w.-]+):(?!\/\/)(.+)$/.exec(text)
  return remote === null ? undefined : { getter: 'git', text: `ssh://${remote[1]}/${remote[2]}` }
}

/** `a//b` is the directory b in a. The part before the path has its own slashes. */
const cutSubdirectory = (url: URL): string | undefined => {
  const at = url.pathname.indexOf('//', 1)
  if (at === -1 || url.pathname === '//') return undefined
  const subdirectory = decodeURIComponent(url.pathname.slice(at)).replace(/^\/+|\/+$/g, '')
  url.pathname = url.pathname.slice(0, at)
  return subdirectory === '' ? undefined : subdirectory
}

/** Removes one of our parameters from a URL. The others stay exactly as they were written, because a signature may cover them. */
const take = (url: URL, name: string): string | undefined => {
  const value = url.searchParams.get(name) ?? undefined
  if (value === undefined) return undefined
  const others = url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair.split('=', 1)[0] !== name)
  url.search = others.join('&')
  return value
}

const urlOf = (text: string, isForced: boolean): URL => {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    if (URL.canParse(text)) return new URL(text)
    throw refused(text, 'this is not a URL')
  }
  const [path = '', query = ''] = existsSync(text) ? [text] : text.split('?', 2)
  if (!isForced && !/^[./]/.test(path) && !existsSync(path.split('//')[0] ?? '')) {
    throw refused(text, 'expected a URL (https://…), a path that exists, or GETTER::URL')
  }
  const [whole = '', ...inside] = path.split('//')
  const url = pathToFileURL(resolve(whole))
  if (inside.length > 0) url.pathname += `//${inside.join('/')}`
  if (query !== '') url.search = query
  return url
}

const archiveOf = (value: string | undefined): DownloadSource['archive'] =>
  value === 'false' || value === '0' ? false : value === 'true' || value === '' ? undefined : value

const requireSafe = (text: string, source: Pick<DownloadSource, 'url' | 'subdirectory' | 'ref'>): void => {
  const { url, subdirectory = '', ref = '' } = source
  if (/^-/.test(ref) || /[\0-\x20\x7f]/.test(ref))
    throw refused(text, '`ref` is not the name of a branch, tag or commit')
  if (/^-/.test(decodeURIComponent(url.hostname)) || /^-/.test(decodeURIComponent(url.username))) {
    throw refused(text, 'a host or user must not begin with -')
  }
  if (/(^|[\\/])\.\.([\\/]|$)|\0/.test(subdirectory)) throw refused(text, 'the subdirectory leads out of the source')
  if (/%0[0ad]/i.test(url.pathname)) throw refused(text, 'a path must not contain line breaks')
}

/** Throws `INVALID_QUERY`, which says what is wrong with the URL. */
export const parseSource = (given: string): DownloadSource => {
  const [, forced, rest = ''] = /^(?:([a-z0-9]+)::)?([\s\S]*)$/i.exec(given) ?? []
  const getterForced = forced === undefined ? undefined : forcedNames[forced.toLowerCase()]
  if (forced !== undefined && getterForced === undefined) {
    throw refused(given, `there is no getter ${forced}; the getters are ${getters.join(', ')}`)
  }
  const found = forced === undefined ? detected(rest) : undefined
  const url = urlOf(found?.text ?? rest, forced !== undefined)
  const getter = getterForced ?? found?.getter ?? getterOf[url.protocol]
  if (getter === undefined || !protocolsOf[getter].includes(url.protocol)) {
    const schemes = getter === undefined ? Object.keys(getterOf) : protocolsOf[getter]
    throw refused(
      given,
      `${url.protocol}// cannot be downloaded${getter === undefined ? '' : ` by ${getter}`}; ${schemes.join(', ')} can`
    )
  }
  const subdirectory = cutSubdirectory(url)
  const checksum = take(url, 'checksum')
  const archive = archiveOf(take(url, 'archive'))
  const filename = take(url, 'filename')
  const isRepository = getter === 'git' || getter === 'hg'
  const ref = isRepository ? (take(url, 'ref') ?? take(url, 'rev')) : undefined
  if (isRepository) take(url, 'depth')
  const source = { getter, url, subdirectory, ref, archive }
  requireSafe(given, source)
  if (isRepository && checksum !== undefined)
    throw refused(given, 'a repository has no checksum: name a commit with `ref`')
  return {
    ...source,
    checksum: checksum === undefined ? undefined : parseChecksum(checksum),
    name: safeName(filename ?? lastSegment(url))
  }
}

const lastSegment = (url: URL): string => {
  try {
    return decodeURIComponent(url.pathname.replace(/\/+$/, '')).split('/').at(-1) ?? ''
  } catch {
    return basename(url.pathname)
  }
}

/** A name that is valid on every file system and is not a path. */
export const safeName = (name: string): string => {
  const plain = (name.split(/[\\/]/).at(-1) ?? '').replace(/[\p{Cc}:*?"<>|]/gu, '_').slice(-200)
  return plain === '' || plain === '.' || plain === '..' ? 'download' : plain
}
