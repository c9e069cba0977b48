import { RalphError } from '../errors.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

/** `host`, `host:port`, `[::1]:port`, or that after http:// or https://; `INVALID_SETTING` for anything else. */
export const endpointOf = (text: string, defaultPort: number, tls: boolean): Endpoint => {
  const url = text.includes('://') ? text : `${tls ? 'https' : 'http'}://${text}`
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isPlain =
    parsed !== undefined &&
    (parsed.protocol === 'http:' || parsed.protocol === 'https:') &&
    `${parsed.username}${parsed.password}${parsed.search}${parsed.hash}` === '' &&
    parsed.pathname === '/'
  if (!isPlain)
    throw new RalphError(
      'INVALID_SETTING',
      `RALPH_REGISTRY__ENDPOINTS has ${JSON.stringify(text.replace(/\/\/[^/]*@/, '//(not shown)@'))}, expected host[:port], or that after http:// or https://`
    )
  // URL leaves out the port that belongs to the scheme.
  const written = /:(\d+)\/?$/.exec(url)?.[1]
  return { host: parsed.hostname, port: Number(written ?? defaultPort), tls: parsed.protocol === 'https:' }
}

export const addressOf = ({ host, port }: Endpoint): string => `${host}:${port}`
