import { isIPv4, isIPv6 } from 'node:net'

/** The first four of the eight groups of an IPv6 address: the network that one customer of a provider has. */
const networkOf = (address: string): string => {
  const [head = '', tail = ''] = address.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === '' ? [] : tail.split(':')
  const gap = address.includes('::')
    ? Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0')
    : []
  return `${[...first, ...gap, ...last].slice(0, 4).join(':')}::/64`
}

/**
 * On whose account a request goes, by its address: whoever has an IPv6 address has 2⁶⁴ of them. A client that has hung
 * up has none any more, whatever the types of Fastify say.
 */
export const sourceOf = (address: string | undefined): string => {
  if (address === undefined) return 'unknown'
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (isIPv6(plain)) return networkOf(plain)
  // Where proxies are trusted it is a header's, and may be any text.
  return isIPv4(plain) ? plain : 'unknown'
}
