import { isIP } from 'node:net'
import { resolve } from 'node:path'

/** How the text of a setting is parsed. */
export interface Kind<Value> {
  /** What the text must be. It follows "expected", as in `a whole number from 0 to 65535`. */
  readonly expected: string
  /** Undefined: the text is invalid. */
  readonly parse: (text: string) => Value | undefined
  /** The placeholder in `--x <value>`. Undefined: the last word of the flag. */
  readonly placeholder?: string
  /** `--x` and `--no-x` instead of `--x VALUE`. */
  readonly switch?: true
}

export const text: Kind<string> = { expected: 'text', parse: (value) => value }

export const integer = (min: number, max: number): Kind<number> => ({
  placeholder: 'number',
  expected:
    max === Number.MAX_SAFE_INTEGER ? `a whole number, at least ${min}` : `a whole number from ${min} to ${max}`,
  parse: (value) => {
    if (!/^[+-]?\d{1,16}$/.test(value)) return undefined
    const number = Number(value)
    return number >= min && number <= max ? number : undefined
  }
})

export const number = (min: number, max: number): Kind<number> => ({
  placeholder: 'number',
  expected: `a number from ${min} to ${max}`,
  parse: (value) => {
    const read = value.trim() === '' ? Number.NaN : Number(value)
    return read >= min && read <= max ? read : undefined
  }
})

const yes = new Set(['true', '1', 'yes', 'y', 'on', 't'])
const no = new Set(['false', '0', 'no', 'n', 'off', 'f'])

/** All words that Python Ralph 5 accepts. */
export const boolean: Kind<boolean> = {
  expected: 'true or false',
  switch: true,
  parse: (value) => {
    const word = value.toLowerCase()
    return yes.has(word) ? true : no.has(word) ? false : undefined
  }
}

/** Any usual form of a UUID. Returned without braces and in lower case. */
export const uuid: Kind<string> = {
  placeholder: 'uuid',
  expected: 'a UUID',
  parse: (value) =>
    /^(?:urn:uuid:|\{)?([0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})\}?$/i.exec(value.trim())?.[1]?.toLowerCase()
}

/** What an HTTP header can contain (RFC 9110 §5.5), for example keys of services. */
export const headerText: Kind<string> = {
  expected: 'text of Latin letters, digits and signs, without line breaks',
  parse: (value) => (/^[\x20-\x7e\u00a0-\u00ff]*$/.test(value) ? value : undefined)
}

/** One of some words, in any case. */
export const choice = <const Word extends string>(words: readonly Word[]): Kind<Word> => ({
  expected: `one of ${words.join(', ')}`,
  placeholder: words.join('|'),
  parse: (value) => words.find((word) => word.toLowerCase() === value.toLowerCase())
})

const asTexts = (value: string): readonly string[] | undefined => {
  if (!value.trimStart().startsWith('[')) {
    return value
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '')
  }
  const parsed = json.parse(value)
  return Array.isArray(parsed) && parsed.every((each) => typeof each === 'string') ? parsed : undefined
}

/** A JSON list, or texts separated by commas. */
export const list = (each: Kind<string>, plural: string): Kind<readonly string[]> => ({
  expected: `${plural}, separated by commas or as a JSON list`,
  parse: (value) => {
    const read = asTexts(value)?.map(each.parse)
    return read?.every((one) => one !== undefined) ? read : undefined
  }
})

/** A path, resolved from the working directory. */
export const path: Kind<string> = { expected: 'a path', placeholder: 'path', parse: (value) => resolve(value) }

export const json: Kind<object> = {
  placeholder: 'json',
  expected: 'a JSON object or list',
  parse: (value) => {
    try {
      const parsed: unknown = JSON.parse(value)
      return typeof parsed === 'object' && parsed !== null ? parsed : undefined
    } catch {
      return undefined
    }
  }
}

const units: { readonly [unit: string]: number } = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30
}

/** `size(65536)` is `64KiB`: the largest unit that is exact. */
export const formatSize = (bytes: number): string => {
  for (const [unit, factor] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10]
  ] as const) {
    if (bytes % factor === 0 && bytes > 0) return `${bytes / factor}${unit}`
  }
  return String(bytes)
}

/** A number of bytes, with or without a unit: `67108864`, `64MiB`, `10 MB`. */
export const size = (min: number, max: number): Kind<number> => ({
  placeholder: 'size',
  expected: `a size from ${formatSize(min)} to ${formatSize(max)}, in bytes or with a unit (KiB, MiB, GiB, kB, MB, GB)`,
  parse: (value) => {
    const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(value)
    const factor = units[match?.[2]?.toLowerCase() ?? '']
    if (!match || factor === undefined) return undefined
    const bytes = Math.floor(Number(match[1]) * factor)
    return bytes >= min && bytes <= max ? bytes : undefined
  }
})

const durationUnits: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds; written as `5m`, `1h30m`, `90s`, or as seconds without a unit. */
export const duration: Kind<number> = {
  placeholder: 'duration',
  expected: 'a duration such as 90s, 5m or 1h30m, at most 365d',
  parse: (value) => {
    const given = value.trim().toLowerCase()
    const whole = /^\d{1,9}$/.test(given) ? `${given}s` : given
    if (!/^(?:\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h|d))+$/.test(whole)) return undefined
    let milliseconds = 0
    for (const [, amount, unit = ''] of whole.matchAll(/([\d.]+)([a-z]+)/g)) {
      milliseconds += Number(amount) * (durationUnits[unit] ?? Number.NaN)
    }
    return milliseconds <= 365 * 86_400_000 ? Math.round(milliseconds) : undefined
  }
}

const asUrl = (value: string): URL | undefined => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  const plain = url?.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return plain && (url.protocol === 'http:' || url.protocol === 'https:') ? url : undefined
}

/** An http or https URL without credentials, query and fragment. Returned without a trailing slash. */
export const url: Kind<string> = {
  placeholder: 'url',
  expected: 'an http:// or https:// URL without credentials, query and fragment',
  parse: (value) => asUrl(value)?.href.replace(/\/+$/, '')
}

/**
 * As browsers send it: `https://lms.example.org`, without path and trailing slash; or `*`, or `https://*.example.org`. A `*`
 * elsewhere, or another scheme, would never match an origin.
 */
export const origin: Kind<string> = {
  expected: 'an origin (scheme://host[:port], https://*.domain, or *)',
  parse: (value) => {
    if (value === '*') return value
    const parsed = asUrl(value)
    if (parsed === undefined || !/^https?:\/\/[^/]+$/i.test(value)) return undefined
    return parsed.hostname.replace(/^\*\.(?=.)/, '').includes('*') ? undefined : parsed.origin
  }
}

const isNetwork = (value: string): boolean => {
  const [address = '', bits, ...rest] = value.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

const namedNetworks = new Set(['loopback', 'linklocal', 'uniquelocal'])

/** Which peers are trusted: all, none, or some addresses and networks. */
export const trust: Kind<boolean | readonly string[]> = {
  placeholder: 'networks',
  expected: 'true, false, or addresses and networks (10.0.0.0/8, loopback, uniquelocal), separated by commas',
  parse: (value) => {
    if (value === '*') return true
    const word = boolean.parse(value)
    if (word !== undefined) return word
    const networks = asTexts(value)
    return networks?.every((each) => namedNetworks.has(each) || isNetwork(each)) ? networks : undefined
  }
}
