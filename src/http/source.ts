import { isIPv4, isIPv6 } from 'node:net'

/** The first four of the eight groups of an IPv6 address: the network of one customer of a provider. */
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
 * The source to which a request is counted, by its address. For IPv6 it is the network, because each customer has 2⁶⁴ addresses. After a
 * client has hung up its address is undefined, although the types of Fastify say otherwise.
 */
export const sourceOf = (address: string | undefined): string => {
  if (address === undefined) return 'unknown'
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (isIPv6(plain)) return networkOf(plain)
  // Behind a trusted proxy it comes from a header and may be any text.
  return isIPv4(plain) ? plain : 'unknown'
}
