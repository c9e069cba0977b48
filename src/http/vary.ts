import type { FastifyReply } from 'fastify'

/** Says that the answer depends on this header of the request (RFC 9110 §12.5.5). */
export const varyBy = (reply: FastifyReply, name: string): void => {
  const present = reply.getHeader('vary')
  const names = typeof present === 'string' ? present.split(', ') : []
  if (!names.includes(name)) reply.header('vary', [...names, name].join(', '))
}
