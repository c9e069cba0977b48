import type { FastifyReply } from 'fastify'

/** Says that the answer would be another one if this header of the request were (RFC 9110 §12.5.5). */
export const varyBy = (reply: FastifyReply, name: string): void => {
  const present = reply.getHeader('vary')
  const names = typeof present === 'string' ? present.split(', ') : []
  if (!names.includes(name)) reply.header('vary', [...names, name].join(', '))
}
