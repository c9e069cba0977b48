import { lookup as lookUp } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { RalphError } from '../errors.ts'

/** Decides where a request for another user may go, and forces the connection to the checked address. */
export interface AddressGuard {
  /** Called before each request, including redirects. Throws `FORBIDDEN`. */
  judge(url: URL): void
  /** For the connection: it goes to an address that was checked, even if DNS changes meanwhile. */
  readonly lookup: LookupFunction
}

export interface AllowPublicOnly {
  /** Allowed hosts: `example.org`, `*.example.org`, `example.org:8443`; `*`: all. */
  readonly hosts: readonly string[]
  /** Private networks that are allowed too: `10.1.0.0/16`. */
  readonly networks?: readonly string[]
  /** Names of the settings, for the error message. */
  readonly settings: { readonly hosts: string; readonly networks: string }
  /** The resolver of the operating system, unless a test replaces it. */
  readonly resolve?: typeof lookUp
}

/** IANA's registries of special addresses: not part of the public Internet. */
const special4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4']
]

/** The public part of IPv6 is 2000::/3, without these: tunnels, which contain IPv4 addresses, and examples. */
const public6 = ['2000::/3']
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')

const blockListOf = (networks: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, bits === undefined ? (isIP(address) === 4 ? 32 : 128) : Number(bits), familyOf(address))
  }
  return list
}

const specials = blockListOf([...special4, ...special6])
const publics = blockListOf(public6)

/** `::ffff:127.0.0.1` and `::ffff:7f00:1` are 127.0.0.1. */
const withoutMapping = (address: string): string => {
  if (isIP(address) !== 6) return address
  const plain = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain) ?? []
  if (high === undefined || low === undefined) return plain
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [a >> 8, a & 255, b >> 8, b & 255].join('.')
}

/** Whether an address in any form belongs to the public Internet. */
export const isPublicAddress = (address: string): boolean => {
  const plain = withoutMapping(address)
  if (isIP(plain) === 0 || specials.check(plain, familyOf(plain))) return false
  return isIP(plain) === 4 || publics.check(plain, 'ipv6')
}

const matches = (pattern: string, url: URL): boolean => {
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(pattern.toLowerCase()) ?? []
  const ownPort = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  if (port !== undefined && port !== ownPort) return false
  const name = url.hostname.replace(/\.$/, '')
  return host === '*' || (host.startsWith('*.') ? name.endsWith(host.slice(1)) : name === host)
}

/**
 * Allows requests only to hosts that the operator has named, at public addresses: a user who asks the server to fetch a URL must
 * not reach what only the server can reach. It checks each URL, and each address that DNS returns. The connection goes to exactly
 * the checked address.
 */
export const allowPublicOnly = ({
  hosts,
  networks = [],
  settings,
  resolve = lookUp
}: AllowPublicOnly): AddressGuard => {
  const allowed = blockListOf(networks)
  const isAllowed = (address: string): boolean => {
    const plain = withoutMapping(address)
    return isPublicAddress(plain) || (isIP(plain) !== 0 && allowed.check(plain, familyOf(plain)))
  }
  const inner = (host: string): RalphError =>
    new RalphError(
      'FORBIDDEN',
      `${host} is at an address outside the public Internet: add its network to ${settings.networks} to allow it`,
      { host, setting: settings.networks }
    )
  return {
    judge: (url) => {
      if (url.protocol !== 'http:' && url.protocol !== 'https:') {
        throw new RalphError(
          'FORBIDDEN',
          `${url.protocol}// is not fetched for other users, only http:// and https:// are`
        )
      }
      if (!hosts.some((pattern) => matches(pattern, url))) {
        throw new RalphError('FORBIDDEN', `${url.host} is not among the hosts of ${settings.hosts}`, {
          host: url.host,
          setting: settings.hosts
        })
      }
      // A connection to an address needs no lookup.
      const literal = url.hostname.replace(/^\[|\]$/g, '')
      if (isIP(literal) !== 0 && !isAllowed(literal)) throw inner(literal)
    },
    lookup: (hostname, options, callback) => {
      resolve(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) {
          callback(error, [])
          return
        }
        // One private address among public ones is enough to distrust the name.
        const [first] = addresses
        if (first === undefined || !addresses.every(({ address }) => isAllowed(address))) {
          callback(inner(hostname), [])
          return
        }
        if (options.all === true) callback(null, addresses)
        else callback(null, first.address, first.family)
      })
    }
  }
}
