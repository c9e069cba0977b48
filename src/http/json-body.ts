import type { FastifyInstance } from 'fastify'
import { RalphError } from '../errors.ts'

/** Bodies of type application/json arrive as text at the routes of this plugin. */
export const readJsonBodies = (server: FastifyInstance): void => {
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: unknown, body: unknown) => body
  )
}

/** The value of a body that was read so. Throws `INVALID_JSON`. */
export const jsonIn = (body: unknown, expected: string): unknown => {
  try {
    return JSON.parse(typeof body === 'string' ? body : '')
  } catch (cause) {
    throw new RalphError('INVALID_JSON', `The body is not valid JSON: expected ${expected}.`, {}, { cause })
  }
}
